// The most recently used items of a kind, by the file they stand for, within limits of number and memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <list>
#include <memory>
#include <utility>

namespace codehelper {

/// `Item` has `std::size_t memory_bytes() const`. An item that is forgotten lives on with those who hold it.
template <class Item>
class RecentItems {
 public:
  struct Limits {
    std::size_t items = 0;
    std::size_t bytes = 0;
  };
  explicit RecentItems(Limits limits) : limits_(limits) {}

  /// The item of `file`, made by `make()` when there is none; it is the most recently used one from now on.
  template <class Make>
  std::shared_ptr<Item> find(const std::filesystem::path& file, Make make) {
    const auto found = std::ranges::find(entries_, file, &Entry::file);
    if (found != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, found);
    } else {
      entries_.push_front({file, make()});
      trim();
    }
    return entries_.front().item;
  }

  /// Forgets the least recently used items until the limits hold. The most recently used one stays, however large.
  void trim() {
    std::size_t items = 0;
    std::size_t bytes = 0;
    const auto is_beyond = [&](const Entry& entry) {
      bytes += entry.item->memory_bytes();
      return ++items > limits_.items || bytes > limits_.bytes;
    };
    auto end = std::ranges::find_if(entries_, is_beyond);
    if (end == entries_.begin() && end != entries_.end()) ++end;
    entries_.erase(end, entries_.end());
  }

 private:
  struct Entry {
    std::filesystem::path file;
    std::shared_ptr<Item> item;
  };

  Limits limits_;
  std::list<Entry> entries_;  // most recently used first
};

}  // namespace codehelper
