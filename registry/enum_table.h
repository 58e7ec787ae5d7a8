// Tables with a row for each enumerator.
#pragma once

#include <array>
#include <cstddef>

namespace regctl {

// Whether the rows of `table` stand in the order of the enumeration, and none is missing. To be
// asserted beside the table, which may then be indexed.
template <class Row, std::size_t N, class Enum>
consteval bool has_a_row_for_each(const std::array<Row, N>& table, Enum Row::*enumerator,
                                  Enum last) {
  for (std::size_t i = 0; i < N; ++i) {
    if (table[i].*enumerator != static_cast<Enum>(i)) return false;
  }
  return table.back().*enumerator == last;
}

}  // namespace regctl
