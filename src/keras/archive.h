#pragma once

#include <cstdint>
#include <vector>

#include "io/source.h"
#include "io/zip.h"
#include "keras/model.h"

/// A `.keras` archive (keras/src/saving/saving_lib.py): a zip of metadata.json, config.json,
/// model.weights.h5 and assets. Keras stores its members; whoever zips them again deflates them.
namespace tensorferry::keras {

/// True if the names are those of such an archive, perhaps below one folder, and perhaps not all of
/// them.
bool is_archive(const std::vector<io::ZipMember>& members);

/// `index`: which of the `count` dropped files it is. Weights are where they lie in that file if
/// the member is stored; else `Model::made` says how to come by them. Throws io::Error.
Model read_archive(const io::Source& file, std::uint32_t index, std::uint32_t count);

}  // namespace tensorferry::keras
