#include "codehelper/index/vector_store.hpp"

namespace codehelper {

std::string_view to_string(IndexState state) {
  switch (state) {
    case IndexState::indexing:
      return "indexing";
    case IndexState::ready:
      return "ready";
    case IndexState::failed:
      return "failed";
  }
  return "unknown";
}

}  // namespace codehelper
