// A treemap: sizes as areas of a rectangle. Pure.
#pragma once

#include <vector>

namespace regctl::report {

struct Rectangle {
  double x, y, width, height;

  bool operator==(const Rectangle&) const = default;
};

// Parts of `room` in proportion to `sizes`, in their order, and as near to squares as that goes:
// squarified (Bruls, Huizing, van Wijk: Squarified Treemaps, 2000). REQUIRES: `sizes` descend and
// are positive.
std::vector<Rectangle> treemap(const std::vector<double>& sizes, Rectangle room);

}  // namespace regctl::report
