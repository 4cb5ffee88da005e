#pragma once

#include <cstdint>
#include <vector>

#include "io/source.h"

namespace tensorferry::keras {

/// Which of these files make up a model each, as indices, the file with the weights first: a whole
/// model is one alone; weights go with the architecture of the nearest folder that has one, by
/// name where it has several; shards go with their list. A file's name may have folders ("a/b.h5").
/// Files that are nothing of a model are in no group, nor are architectures without weights. A file
/// that is damaged has a group of its own: reading it says what is wrong.
std::vector<std::vector<std::uint32_t>> group_files(const std::vector<io::Source>& files);

}  // namespace tensorferry::keras
