#pragma once

#include "tensor/bundle.h"
#include "tensor/produce.h"

namespace tensorferry::tensor {

/// A chunk that was filtered must be decoded whole. Where a computation would decode chunks again
/// for each tile (a transpose, or rows of chunks that are larger than a tile), a temporary takes
/// the decoded elements, and the computation reads that: in rows, or, where rows of chunks are
/// larger than a tile, as chunks without filters.
///
/// `source_count`: the number of dropped files; temporary k is source `source_count + k`.
Bundle stage_chunks(const Bundle& bundle, std::uint32_t source_count, const MemoryLimits& limits);

/// Where reads are dear (a browser: 1 ms each), a large matrix cannot be transposed in one go: a
/// tile of the output is a narrow column of the input, so each tile would read everything. Two
/// passes through a temporary read everything twice, in long runs:
///
///     input (rows, columns) → temporary (rows / b, columns, b) → output (columns, rows)
///
/// Both passes are ordinary computations; the first reads whole rows, the second runs of b elements
/// times the columns of a tile. Where the output's rows are the columns, those runs are brought
/// together by another temporary of slices of the first, which costs nothing where a file is a list
/// of slices: (columns / g, rows / b, g, b), and a tile is one run. Computations that are read well
/// enough as they are stay untouched. Temporaries hold the input's elements as they are stored;
/// what changes values belongs to the second pass.
Bundle stage_transposes(const Bundle& bundle, std::uint32_t source_count,
                        const MemoryLimits& limits);

/// The temporaries that a part reads: indices into `Bundle::temporaries`.
std::vector<std::uint32_t> temporaries_of(const Bundle& bundle, const Part& part,
                                          std::uint32_t source_count);

}  // namespace tensorferry::tensor
