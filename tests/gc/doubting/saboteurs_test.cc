// Each saboteur on the store that was told for it.
#include "tests/gc/doubting/saboteurs.h"

#include <gtest/gtest.h>

#include "tests/support/objecting.h"

namespace regctl::gc {
namespace {

using namespace test;

class SecondOpinionOfASaboteur : public testing::TestWithParam<Saboteur> {
 protected:
  SecondOpinionOfASaboteur() { GetParam().tell(registry, look); }
  RegistryBuilder registry;
  Look look = asking();
};

TEST_P(SecondOpinionOfASaboteur, ObjectsToExactlyWhatIsTakenTooMuch) {
  const Doomed right = doomed_without_sabotage(registry, look),
               wrong = doomed_by_sabotage(GetParam(), registry, look);
  const auto too_much = all_but(everything_in(wrong), everything_in(right));
  EXPECT_FALSE(too_much.empty()) << "the saboteur does no harm";
  EXPECT_EQ(opinion(registry, right, look.wishes.policy), Objections{});
  EXPECT_EQ(names_of(opinion(registry, wrong, look.wishes.policy)), too_much);
}

INSTANTIATE_TEST_SUITE_P(All, SecondOpinionOfASaboteur, testing::ValuesIn(saboteurs()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace regctl::gc
