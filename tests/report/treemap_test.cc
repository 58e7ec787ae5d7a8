#include "report/treemap.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>

namespace regctl::report {
namespace {

constexpr double kSlack = 1e-6;

bool is_inside(const Rectangle& part, const Rectangle& room) {
  return part.x >= room.x - kSlack && part.y >= room.y - kSlack &&
         part.x + part.width <= room.x + room.width + kSlack &&
         part.y + part.height <= room.y + room.height + kSlack;
}

bool overlap(const Rectangle& a, const Rectangle& b) {
  return a.x + a.width > b.x + kSlack && b.x + b.width > a.x + kSlack &&
         a.y + a.height > b.y + kSlack && b.y + b.height > a.y + kSlack;
}

// The example of the paper, figure 3.
TEST(Treemap, PutsWhatIsNearestToSquaresTogether) {
  const auto parts = treemap({6, 6, 4, 3, 2, 2, 1}, {0, 0, 6, 4});
  ASSERT_EQ(parts.size(), 7u);
  EXPECT_EQ(parts[0], (Rectangle{0, 0, 3, 2}));
  EXPECT_EQ(parts[1], (Rectangle{0, 2, 3, 2}));
  EXPECT_NEAR(parts[2].width, 12.0 / 7, kSlack);
  EXPECT_NEAR(parts[2].height, 7.0 / 3, kSlack);
  EXPECT_NEAR(parts[3].y, 0, kSlack);
  EXPECT_NEAR(parts[4].y, 7.0 / 3, kSlack);
}

TEST(Treemap, OfNothingIsNothing) { EXPECT_TRUE(treemap({}, {0, 0, 6, 4}).empty()); }

RC_GTEST_PROP(TreemapLaw, PartsFillTheRoomInProportion, ()) {
  auto numbers =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 1000)));
  std::sort(numbers.begin(), numbers.end(), std::greater<>());
  const std::vector<double> sizes(numbers.begin(), numbers.end());
  const Rectangle room{5, 7, 300, 200};
  const auto parts = treemap(sizes, room);
  RC_ASSERT(parts.size() == sizes.size());
  const double all = std::accumulate(sizes.begin(), sizes.end(), 0.0);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const double area = parts[i].width * parts[i].height;
    RC_ASSERT(std::abs(area - sizes[i] / all * room.width * room.height) < 1e-3);
    RC_ASSERT(is_inside(parts[i], room));
    for (std::size_t k = 0; k < i; ++k) RC_ASSERT(!overlap(parts[i], parts[k]));
  }
}

}  // namespace
}  // namespace regctl::report
