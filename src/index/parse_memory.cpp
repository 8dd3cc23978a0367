#include "parse_memory.hpp"

#include <tree_sitter/api.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace codehelper {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} * 1024;  // of 32 to 900 KiB none takes less time
constexpr std::size_t kStepBytes = 16;
constexpr std::size_t kSmallLists = 64;  // list n up to this holds pieces of n steps; beyond, they double
constexpr std::size_t kOfHeap = 0;

struct alignas(8) Header {  // no type of tree-sitter needs more
  std::size_t list;
};

thread_local ParseMemory* used_memory = nullptr;  // tree-sitter hands its functions for memory nothing of ours

Header* header_of(void* content) {
  return static_cast<Header*>(content) - 1;
}

void* content_of(void* piece, std::size_t list) {
  if (piece == nullptr) std::abort();  // as tree-sitter does without these functions
  return ::new (piece) Header{list} + 1;
}

// noexcept: an exception can't pass through tree-sitter, which is C; without memory the program ends, as it does there.
void* allocate(std::size_t bytes) noexcept {
  if (used_memory == nullptr) return content_of(std::malloc(sizeof(Header) + bytes), kOfHeap);
  const auto list = ParseMemory::list_of(sizeof(Header) + bytes);
  return content_of(used_memory->take(list), list);
}

void* allocate_zeroed(std::size_t count, std::size_t bytes) noexcept {
  return std::memset(allocate(count * bytes), 0, count * bytes);
}

void release(void* content) noexcept {
  if (content == nullptr) return;
  Header* header = header_of(content);
  if (header->list == kOfHeap) {
    std::free(header);
  } else if (used_memory != nullptr) {
    used_memory->give_back(header, header->list);
  }
}

void* reallocate(void* content, std::size_t bytes) noexcept {
  if (content == nullptr) return allocate(bytes);
  const auto list = header_of(content)->list;
  if (list == kOfHeap) return content_of(std::realloc(header_of(content), sizeof(Header) + bytes), kOfHeap);
  const auto held_bytes = ParseMemory::piece_bytes(list) - sizeof(Header);
  if (bytes <= held_bytes) return content;
  void* larger = std::memcpy(allocate(bytes), content, held_bytes);
  release(content);
  return larger;
}

}  // namespace

std::size_t ParseMemory::list_of(std::size_t bytes) {
  if (bytes <= kSmallLists * kStepBytes) return (bytes + kStepBytes - 1) / kStepBytes;
  return kSmallLists + static_cast<std::size_t>(std::bit_width((bytes - 1) / (kSmallLists * kStepBytes)));
}

std::size_t ParseMemory::piece_bytes(std::size_t list) {
  return list <= kSmallLists ? list * kStepBytes : (kSmallLists * kStepBytes) << (list - kSmallLists);
}

ParseMemory::Use::Use(ParseMemory& memory) : before_(used_memory) {
  static const bool is_set = [] {
    ts_set_allocator(allocate, allocate_zeroed, reallocate, release);
    return true;
  }();
  static_cast<void>(is_set);
  used_memory = &memory;
}

ParseMemory::Use::~Use() {
  used_memory = before_;
}

void* ParseMemory::take(std::size_t list) {
  if (void* piece = unused_[list]) {
    std::memcpy(&unused_[list], piece, sizeof(void*));
    return piece;
  }
  const auto bytes = piece_bytes(list);
  if (bytes > left_bytes_) {
    const auto block_bytes = std::max(bytes, kBlockBytes);
    std::byte* block = blocks_.emplace_back(std::make_unique_for_overwrite<std::byte[]>(block_bytes)).get();
    if (block_bytes - bytes <= left_bytes_) return block;  // the block before has more left
    next_ = block;
    left_bytes_ = block_bytes;
  }
  left_bytes_ -= bytes;
  return std::exchange(next_, next_ + bytes);
}

void ParseMemory::give_back(void* piece, std::size_t list) {
  std::memcpy(piece, &unused_[list], sizeof(void*));
  unused_[list] = piece;
}

}  // namespace codehelper
