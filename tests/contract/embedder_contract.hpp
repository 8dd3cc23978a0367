// What every Embedder must do. An adapter joins the suite by an entry in embedder_adapters().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codehelper/index/embedder.hpp"

namespace codehelper::test {

struct EmbedderAdapter {
  std::string name;
  std::function<std::unique_ptr<Embedder>(EventLoop& loop)> make;
};

std::vector<EmbedderAdapter> embedder_adapters();

}  // namespace codehelper::test
