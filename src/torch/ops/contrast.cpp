#include "torch/ops/functions.h"

namespace tensorferry::torch {

namespace {

using graph::Function;
using python::number;

const Helper auto_contrast{"auto_contrast",
                           R"(def auto_contrast(x, dim, low, high):
    """Stretches each image, which lies along `dim`, to the range; a flat one stays."""
    y = x if (low, high) == (0, 255) else (x - low) / (high - low) * 255
    darkest = y.amin(dim, keepdim=True)
    scale = 255 / (y.amax(dim, keepdim=True) - darkest)
    y = (y * scale - darkest * scale).clamp(0, 255)
    if (low, high) != (0, 255):
        y = y / 255 * (high - low) + low
    return torch.where(y.isnan(), x, y)
)"};

const Helper clahe{"clahe",
                   R"(def clahe(x, grid, clip_limit, low, high):
    """Equalizes the histogram of each tile of a grid, but for the clip limit.

    A pixel takes what the four tiles around it make of its level, bilinearly.
    """
    height, width = x.shape[2:]
    tile = (-(-height // grid[0]), -(-width // grid[1]))
    rows = torch.arange(tile[0] * grid[0], device=x.device)
    rows = torch.where(rows < height, rows, 2 * height - 1 - rows)
    columns = torch.arange(tile[1] * grid[1], device=x.device)
    columns = torch.where(columns < width, columns, 2 * width - 1 - columns)
    levels = x if (low, high) == (0, 255) else (x - low) / (high - low) * 255
    levels = levels[:, :, rows][..., columns].clamp(0, 255).long()

    pixels = levels.unflatten(3, (grid[1], tile[1])).unflatten(2, (grid[0], tile[0]))
    # (batch, channels, *grid, the pixels of a tile)
    pixels = pixels.transpose(3, 4).flatten(4)
    counts = torch.zeros(*pixels.shape[:4], 256, device=x.device)
    counts = counts.scatter_add(4, pixels, torch.ones_like(pixels, dtype=counts.dtype))
    size = tile[0] * tile[1]
    if clip_limit > 0:
        clipped = counts.clamp(max=clip_limit * size / 256)
        counts = clipped + (counts - clipped).sum(dim=4, keepdim=True) / 256
    below = counts.cumsum(dim=4)
    least = below.amin(dim=4, keepdim=True)
    room = torch.where(least == size, torch.ones_like(least), size - least)
    tables = ((below - least) * 255 / room).clamp(0, 255).flatten(2)

    def neighbors(count, tile_size):
        """The tiles before and behind the centers of the pixels; how far the second is on."""
        place = torch.arange(count * tile_size, device=x.device, dtype=torch.float32)
        place = (place - tile_size / 2) / tile_size + 1
        first = place.floor()
        tiles = [(first + step).long().clamp(0, count - 1) for step in (-1, 0)]
        return tiles, place - first

    def levels_by(tile_rows, tile_columns):
        index = (tile_rows[:, None] * grid[1] + tile_columns) * 256 + levels
        return tables.gather(2, index.flatten(2)).reshape(index.shape)

    (upper, lower), down = neighbors(grid[0], tile[0])
    (left, right), across = neighbors(grid[1], tile[1])
    top = levels_by(upper, left) * (1 - across) + levels_by(upper, right) * across
    bottom = levels_by(lower, left) * (1 - across) + levels_by(lower, right) * across
    y = top * (1 - down[:, None]) + bottom * down[:, None]
    y = y[:, :, :height, :width]
    if (low, high) != (0, 255):
        y = y / 255 * (high - low) + low
    return y.to(x.dtype)
)"};

}  // namespace

Expression spell_auto_contrast(const Function& function, Call& call) {
  return python::call(call.helpers.use(auto_contrast),
                      {call.input(), python::tuple_of(signed_axes(function.axes)),
                       number(function.numbers.at(0)), number(function.numbers.at(1))});
}

Expression spell_clahe(const Function& function, Call& call) {
  return python::call(
      call.helpers.use(clahe),
      {call.input(), python::tuple_of(function.integers), number(function.numbers.at(0)),
       number(function.numbers.at(1)), number(function.numbers.at(2))});
}

}  // namespace tensorferry::torch
