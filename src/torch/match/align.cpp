#include "torch/match/align.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace tensorferry::torch {

namespace {

constexpr double certain = 1;
constexpr double out_of_line = 0.8;  // of what order alone would give
constexpr double in_doubt = 0.5;

std::multiset<std::string> words_of(const std::string& name) {
  std::multiset<std::string> words;
  std::string word;
  const auto kind = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalpha(byte) ? 1 : std::isdigit(byte) ? 2 : 0;
  };
  for (const char c : name) {
    if (!word.empty() && kind(c) != kind(word.back())) {
      words.insert(word);
      word.clear();
    }
    if (kind(c) != 0) word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (!word.empty()) words.insert(word);
  return words;
}

using Indices = std::vector<std::size_t>;

class Aligner {
 public:
  Aligner(const std::vector<Aligned>& layers, const std::vector<Aligned>& modules, double in_order)
      : layers_(layers),
        modules_(modules),
        in_order_(in_order),
        module_of_(layers.size()),
        is_taken_(modules.size(), false),
        is_left_out_(layers.size(), false) {}

  std::vector<Pair> run(const std::map<std::size_t, Known>& known) {
    for (const auto& [layer, about] : known) {
      if (about.module) {
        pair(layer, *about.module, certain, about.reason);
      } else {
        is_left_out_[layer] = true;
      }
    }
    pair_equal_names();
    pair_groups([](const Aligned& one) { return !one.is_norm; });
    pair_followers();
    pair_groups([](const Aligned&) { return true; });
    doubt_what_is_out_of_line();
    return std::move(pairs_);
  }

 private:
  void pair(std::size_t layer, std::size_t module, double certainty, std::string reason) {
    module_of_[layer] = module;
    is_taken_[module] = true;
    const auto place = std::find_if(pairs_.begin(), pairs_.end(),
                                    [layer](const Pair& p) { return p.layer > layer; });
    pairs_.insert(place, {layer, module, certainty, std::move(reason)});
  }

  bool is_open(std::size_t layer) const { return !module_of_[layer] && !is_left_out_[layer]; }

  void pair_equal_names() {
    std::map<std::string, std::size_t> by_name;
    for (std::size_t m = 0; m < modules_.size(); ++m) by_name.emplace(modules_[m].name, m);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const auto found = by_name.find(layers_[l].name);
      if (found == by_name.end() || !is_open(l) || is_taken_[found->second]) continue;
      if (modules_[found->second].signature == layers_[l].signature) {
        pair(l, found->second, certain, "the same name and shape");
      }
    }
  }

  template <class Predicate>
  void pair_groups(Predicate wanted) {
    std::map<std::string, std::pair<Indices, Indices>> groups;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      if (is_open(l) && wanted(layers_[l])) groups[layers_[l].signature].first.push_back(l);
    }
    for (std::size_t m = 0; m < modules_.size(); ++m) {
      if (!is_taken_[m] && wanted(modules_[m])) groups[modules_[m].signature].second.push_back(m);
    }
    for (const auto& [signature, group] : groups) pair_group(group.first, group.second);
  }

  static Indices only(const std::vector<Aligned>& all, const Indices& group, bool projections) {
    Indices found;
    for (const std::size_t i : group) {
      if (all[i].is_projection == projections) found.push_back(i);
    }
    return found;
  }

  void pair_group(const Indices& layers, const Indices& modules) {
    const Indices ways_around = only(layers_, layers, true);
    const Indices modules_around = only(modules_, modules, true);
    if (!ways_around.empty() && ways_around.size() == modules_around.size()) {
      pair_in_order(ways_around, modules_around);
      pair_in_order(only(layers_, layers, false), only(modules_, modules, false));
    } else {
      pair_in_order(layers, modules);
    }
  }

  void pair_in_order(const Indices& layers, const Indices& modules) {
    if (layers.size() != modules.size()) {
      pair_by_likeness(layers, modules);
      return;
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (is_only_one(layers[i])) {
        pair(layers[i], modules[i], certain, "the only one of its shape");
      } else {
        pair(layers[i], modules[i], in_order_,
             fmt::format("number {} of {} of its shape", i + 1, layers.size()));
      }
    }
  }

  /// The monotone pairing of the most likeness, where the numbers differ.
  void pair_by_likeness(const Indices& layers, const Indices& modules) {
    if (layers.empty() || modules.empty()) return;
    const std::size_t rows = layers.size() + 1;
    const std::size_t columns = modules.size() + 1;
    std::vector<double> best(rows * columns, 0);
    const auto gain = [&](std::size_t i, std::size_t j) {
      return 1 + likeness(layers_[layers[i]].name, modules_[modules[j]].name);
    };
    for (std::size_t i = 1; i < rows; ++i) {
      for (std::size_t j = 1; j < columns; ++j) {
        const double with = best[(i - 1) * columns + j - 1] + gain(i - 1, j - 1);
        best[i * columns + j] =
            std::max({with, best[(i - 1) * columns + j], best[i * columns + j - 1]});
      }
    }
    for (std::size_t i = rows - 1, j = columns - 1; i > 0 && j > 0;) {
      const double here = best[i * columns + j];
      if (here == best[(i - 1) * columns + j]) {
        i -= 1;
      } else if (here == best[i * columns + j - 1]) {
        j -= 1;
      } else {
        i -= 1;
        j -= 1;
        const double likely = likeness(layers_[layers[i]].name, modules_[modules[j]].name);
        pair(layers[i], modules[j], in_doubt * (1 + likely) * 0.9,
             fmt::format("{} layers and {} modules have its shape", layers.size(), modules.size()));
      }
    }
  }

  bool is_only_one(std::size_t layer) const {
    const auto is_alike = [&](const Aligned& one) {
      return one.signature == layers_[layer].signature;
    };
    return std::count_if(layers_.begin(), layers_.end(), is_alike) == 1 &&
           std::count_if(modules_.begin(), modules_.end(), is_alike) == 1;
  }

  void pair_followers() {
    std::map<std::size_t, std::size_t> follower_of;  // module → the one that follows it
    for (std::size_t m = 0; m < modules_.size(); ++m) {
      if (modules_[m].follows && !is_taken_[m]) follower_of.emplace(*modules_[m].follows, m);
    }
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const std::optional<std::size_t> leader = layers_[l].follows;
      if (!leader || !is_open(l) || !module_of_[*leader]) continue;
      const auto found = follower_of.find(*module_of_[*leader]);
      if (found == follower_of.end() || is_taken_[found->second]) continue;
      if (modules_[found->second].signature != layers_[l].signature) continue;
      const Pair leading = *std::find_if(pairs_.begin(), pairs_.end(),
                                         [&](const Pair& p) { return p.layer == *leader; });
      const double certainty = is_only_one(l) ? certain : std::min(leading.certainty, in_order_);
      pair(l, found->second, certainty, "it follows " + modules_[leading.module].name);
    }
  }

  bool is_on_shorter_way(std::size_t layer) const {
    const Aligned& one = layers_[layer];
    return one.is_projection || (one.follows && layers_[*one.follows].is_projection);
  }

  // But for the shorter ways around blocks both lists should go forward together.
  void doubt_what_is_out_of_line() {
    Pair* before = nullptr;
    for (Pair& pair : pairs_) {
      if (is_on_shorter_way(pair.layer)) continue;
      if (before != nullptr && pair.module < before->module) {
        for (Pair* one : {before, &pair}) {
          if (one->certainty == in_order_) one->certainty *= out_of_line;
        }
      }
      before = &pair;
    }
  }

  const std::vector<Aligned>& layers_;
  const std::vector<Aligned>& modules_;
  double in_order_;
  std::vector<std::optional<std::size_t>> module_of_;
  std::vector<bool> is_taken_;
  std::vector<bool> is_left_out_;
  std::vector<Pair> pairs_;
};

}  // namespace

double likeness(const std::string& a, const std::string& b) {
  const std::multiset<std::string> of_a = words_of(a);
  const std::multiset<std::string> of_b = words_of(b);
  std::vector<std::string> shared;
  std::set_intersection(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                        std::back_inserter(shared));
  const std::size_t all = std::max(of_a.size(), of_b.size());
  return all == 0 ? 0 : static_cast<double>(shared.size()) / static_cast<double>(all);
}

std::vector<Pair> align(const std::vector<Aligned>& layers, const std::vector<Aligned>& modules,
                        const std::map<std::size_t, Known>& known, double in_order) {
  return Aligner(layers, modules, in_order).run(known);
}

}  // namespace tensorferry::torch
