#include "report/treemap.h"

#include <algorithm>
#include <numeric>

namespace regctl::report {
namespace {

// The longest side over the shortest, of the worst in a row of areas from `largest` to `smallest`
// that add up to `sum`, along `side`.
double worst_shape(double largest, double smallest, double sum, double side) {
  const double square = sum * sum / (side * side);
  return std::max(largest / square, square / smallest);
}

}  // namespace

std::vector<Rectangle> treemap(const std::vector<double>& sizes, Rectangle room) {
  std::vector<Rectangle> parts;
  double left = std::accumulate(sizes.begin(), sizes.end(), 0.0);
  for (std::size_t begin = 0; begin < sizes.size();) {
    const double scale = room.width * room.height / left;
    const double side = std::min(room.width, room.height);
    double sum = sizes[begin];
    std::size_t end = begin + 1;
    // A row takes more as long as that makes its worst part no worse.
    while (
        end < sizes.size() &&
        worst_shape(sizes[begin] * scale, sizes[end] * scale, (sum + sizes[end]) * scale, side) <=
            worst_shape(sizes[begin] * scale, sizes[end - 1] * scale, sum * scale, side))
      sum += sizes[end++];
    const bool upright = room.width >= room.height;  // the row stands at the left, or lies on top
    const double depth = sum * scale / side;
    double along = 0;
    for (; begin < end; ++begin) {
      const double length = sizes[begin] / sum * side;
      parts.push_back(upright ? Rectangle{room.x, room.y + along, depth, length}
                              : Rectangle{room.x + along, room.y, length, depth});
      along += length;
    }
    (upright ? room.x : room.y) += depth;
    (upright ? room.width : room.height) -= depth;
    left -= sum;
  }
  return parts;
}

}  // namespace regctl::report
