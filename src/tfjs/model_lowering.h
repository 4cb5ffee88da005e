#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "io/note.h"
#include "keras/model.h"
#include "tfjs/builder.h"
#include "tfjs/lower_model.h"
#include "tfjs/names.h"

namespace tensorferry::tfjs {

/// A Keras model and those that it holds, while they become networks.
class ModelLowering {
 public:
  ModelLowering(const keras::Model& root, Names& names, LoweredModel& result, io::Notes& refused,
                std::set<const keras::Model*>& opened)
      : root_(root), names_(names), result_(result), refused_(refused), opened_(opened) {}

  std::shared_ptr<Network> lower(const keras::Model& model, const std::vector<Tensor>& given);

 private:
  /// The values of one model: by layer, call, output.
  using Values = std::vector<std::vector<std::vector<Tensor>>>;
  /// A network, and what has been made of Keras's layers in it.
  struct Made {
    NetworkBuilder builder;
    std::map<const keras::Layer*, std::uint32_t> models;     ///< nested ones, in the network
    std::map<const keras::Layer*, Tensor> time_distributed;  ///< the first call's result of each
  };
  struct Scope {
    const keras::Model& model;
    Made& made;
    NetworkBuilder& builder;
    Values values;
  };

  void add_inputs(Scope& scope, const std::vector<Tensor>& given);
  void call_layers(Scope& scope);
  bool call_layer(Scope& scope, const keras::Layer& layer, std::uint32_t index, std::uint32_t node);
  std::vector<Tensor> call(Scope& scope, const keras::Layer& layer, std::uint32_t node,
                           std::vector<Tensor> inputs);
  std::vector<Tensor> call_model(Scope& scope, const keras::Layer& layer,
                                 std::vector<Tensor> inputs);
  std::vector<Tensor> call_opened(Scope& scope, const keras::Layer& layer,
                                  const std::vector<Tensor>& inputs);
  std::vector<Tensor> outputs_of(const Scope& scope) const;
  void require_one_way(const keras::Layer& layer, bool masked);
  std::vector<Tensor> call_time_distributed(Scope& scope, const keras::Layer& layer,
                                            const std::vector<Tensor>& inputs);
  Tensor make_time_distributed(Scope& scope, const keras::Layer& layer, const Tensor& input);
  std::vector<Tensor> call_pipeline(Scope& scope, const keras::Layer& layer, Tensor input);
  std::vector<Tensor> call_cells(Scope& scope, const keras::Layer& rnn,
                                 const std::vector<Tensor>& inputs);
  std::vector<Tensor> call_each_way(Scope& scope, const keras::Layer& layer, std::uint32_t node,
                                    const std::vector<Tensor>& inputs);
  void note_fate(Scope& scope, const keras::Layer& layer, const std::vector<std::string>& classes);
  void refuse(const keras::Layer& layer, const std::string& reason);
  void repeat_outputs(Scope& scope);

  const keras::Model& root_;
  Names& names_;
  LoweredModel& result_;
  io::Notes& refused_;
  std::set<const keras::Model*>& opened_;
  std::map<const keras::Layer*, bool> is_masked_;  ///< of recurrent layers
  std::set<const keras::Layer*> refused_layers_;
  std::set<const keras::Layer*> noted_;
  std::vector<std::shared_ptr<const keras::Model>> steps_;  ///< of each TimeDistributed
};

}  // namespace tensorferry::tfjs
