// SharedList: a list that many have in common, and nobody changes. A value: copies are cheap, and
// equal where their items are.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <vector>

namespace regctl {

template <class T>
class SharedList {
 public:
  SharedList() : SharedList(std::vector<T>()) {}
  SharedList(std::vector<T> items)
      : items_(std::make_shared<const std::vector<T>>(std::move(items))) {}
  SharedList(std::initializer_list<T> items) : SharedList(std::vector<T>(items)) {}

  auto begin() const { return items_->begin(); }
  auto end() const { return items_->end(); }
  bool empty() const { return items_->empty(); }
  std::size_t size() const { return items_->size(); }

  // Of equal ids the items are the same; of other ids they may be.
  const void* id() const { return items_.get(); }

  bool operator==(const SharedList& other) const {
    return items_ == other.items_ || *items_ == *other.items_;
  }

 private:
  std::shared_ptr<const std::vector<T>> items_;
};

}  // namespace regctl
