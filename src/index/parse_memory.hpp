// Memory of one syntax tree and of the parser that makes it. tree-sitter takes and gives back ten million small pieces
// for 100 MB of source; here they come from a few large blocks, which go all at once: nobody has to walk the tree to
// free it.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace codehelper {

class ParseMemory {
 public:
  /// While it lives, tree-sitter's memory on this thread is `memory`, which outlives it and all that was made
  /// meanwhile; that is never given back while another is used. What is taken without one is the heap's.
  class Use {
   public:
    explicit Use(ParseMemory& memory);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    ParseMemory* before_;
  };

  /// Pieces of one size are kept in one list. list_of() gives the first whose pieces hold so many bytes: sizes rise
  /// by 16 bytes up to 1 KiB, and by doubling from there.
  static std::size_t list_of(std::size_t bytes);
  static std::size_t piece_bytes(std::size_t list);
  /// Aligned to 16 bytes; it goes with this.
  void* take(std::size_t list);
  /// Of that list; the next take() gets it.
  void give_back(void* piece, std::size_t list);

 private:
  static constexpr std::size_t kLists = 100;  // more than memory has room for

  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* next_ = nullptr;  // in the block that is being cut
  std::size_t left_bytes_ = 0;
  std::array<void*, kLists> unused_{};  // of each list the last piece given back, which holds the next one's address
};

}  // namespace codehelper
