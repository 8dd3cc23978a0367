// An embedded index of a few files whose database file is changed behind the store's back.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "codehelper/net/event_loop.hpp"
#include "support/index_samples.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper::test {

class DamagedIndex {
 public:
  DamagedIndex() {
    IndexBatch batch;
    batch.files = {make_file("a.py", {"def first():\n", "  return 1\n"}),
                   make_file("b/c.py", {"def second(): first()\n"})};
    for (FileChunks& entry : batch.files) {
      entry.symbols.definitions.push_back({"Outer.second", "second", "function", 1, 1});
      entry.symbols.references.push_back({"first", {1}});
    }
    batch.marker = make_ready_marker();
    const auto store = open_embedded_store(loop_, data());
    const auto applied = run_until_done(loop_, store->apply({}, project_, std::move(batch)));
    if (!applied) throw std::runtime_error(applied.error().message);
  }

  EventLoop& loop() { return loop_; }
  const Project& project() const { return project_; }
  std::filesystem::path data() const { return folder_.path() / "data"; }
  std::filesystem::path file() const { return embedded_index_path(data(), project_); }

  /// The whole index, but for these bytes: place / 16 in two bytes, place % 16 in one, and the value, again and again.
  void damage(std::string_view edits) {
    if (whole_.empty()) whole_ = read_whole();
    std::string bytes = whole_;
    for (; edits.size() >= 4; edits.remove_prefix(4)) {
      const auto part = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(edits[i])}; };
      bytes[((part(0) << 12U) + (part(1) << 4U) + part(2) % 16) % bytes.size()] = edits[3];
    }
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(file().string() + suffix);
    std::ofstream(file(), std::ios::binary | std::ios::trunc) << bytes;
  }

 private:
  /// The store is closed by now, and with it its log is in the file.
  std::string read_whole() const {
    std::ifstream stream(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  TemporaryDirectory folder_;
  EventLoop loop_{1};
  Project project_{"/posted", "/posted"};
  std::string whole_;
};

}  // namespace codehelper::test
