// The files of the chat page as they are embedded in the program; web/bundle.mjs makes them.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace codehelper {

struct PageAsset {
  std::string_view path;  // of the URL; all but "/" have a hash of their content in the name
  std::string_view content_type;
  std::string_view etag;  // with its quotes
  std::size_t size_bytes = 0;
  std::span<const unsigned char> gzip;
};

std::span<const PageAsset> page_assets();

}  // namespace codehelper
