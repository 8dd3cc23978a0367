#include "packed_text.hpp"

#include <zlib.h>

namespace codehelper {
namespace {

constexpr int kLevel = Z_BEST_SPEED;
/// No more than this comes out of a byte (zlib's technical details, "Maximum Compression Factor").
constexpr std::size_t kMaxExpansion = 1032;

const Bytef* as_bytes(std::string_view text) {
  return reinterpret_cast<const Bytef*>(text.data());
}

}  // namespace

std::string pack_text(std::string_view text) {
  uLongf size = compressBound(static_cast<uLong>(text.size()));
  std::string packed(size, '\0');
  const int code = compress2(reinterpret_cast<Bytef*>(packed.data()), &size, as_bytes(text),
                             static_cast<uLong>(text.size()), kLevel);
  if (code != Z_OK || size >= text.size()) return std::string(text);
  packed.resize(size);
  return packed;
}

std::optional<std::string> unpack_text(std::string_view bytes, std::size_t size) {
  if (bytes.size() == size) return std::string(bytes);
  if (size / kMaxExpansion > bytes.size()) return std::nullopt;
  std::string text(size, '\0');
  uLongf unpacked = static_cast<uLongf>(size);
  const int code =
      uncompress(reinterpret_cast<Bytef*>(text.data()), &unpacked, as_bytes(bytes), static_cast<uLong>(bytes.size()));
  if (code != Z_OK || unpacked != size) return std::nullopt;
  return text;
}

}  // namespace codehelper
