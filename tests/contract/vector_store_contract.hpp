// What every VectorStore must do. An adapter joins the suite by an entry in vector_store_adapters().
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codehelper/index/vector_store.hpp"

namespace codehelper::test {

struct VectorStoreAdapter {
  std::string name;
  /// A store whose data is in `directory` (or in a server's place of that name), which outlives it.
  std::function<std::unique_ptr<VectorStore>(EventLoop& loop, const std::filesystem::path& directory)> open;
};

std::vector<VectorStoreAdapter> vector_store_adapters();

}  // namespace codehelper::test
