// Repositories for end-to-end tests.
#pragma once

#include <filesystem>
#include <string>

#include "support/temporary_directory.hpp"

namespace codehelper::test {

/// A small Python project with passing tests, below `folder`.
inline std::filesystem::path write_sample_repository(const TemporaryDirectory& folder,
                                                     const std::string& name = "repo") {
  folder.write(
      name + "/parser.py",
      "\"\"\"Reads HTTP messages.\"\"\"\n\n\ndef parse_headers(text):\n    \"\"\"Splits header lines into names and "
      "values.\"\"\"\n    return dict(line.split(': ', 1) for line in text.splitlines())\n");
  folder.write(name + "/server.py",
               "import socket\n\n\nclass Server:\n    def start(self, port):\n        self.listener = "
               "socket.create_server(('127.0.0.1', port))\n        return self.listener\n");
  folder.write(
      name + "/test_parser.py",
      "from parser import parse_headers\n\n\ndef test_parse_headers():\n    assert parse_headers('A: b') == {'A': "
      "'b'}\n\n\ndef test_empty():\n    assert parse_headers('') == {}\n");
  folder.write(name + "/README.md", "# Sample\n\nA small server.\n\n## Install\n\nNothing to install.\n");
  folder.write(name + "/.env", "PASSWORD=hunter2\n");
  return folder.path() / name;
}

/// Real sources of more than a thousand files (the npm package of tests/e2e/corpus), copied below `folder`.
inline std::filesystem::path copy_large_repository(const TemporaryDirectory& folder) {
  const std::filesystem::path copy = folder.path() / "large";
  std::filesystem::copy(CODEHELPER_TEST_CORPUS, copy, std::filesystem::copy_options::recursive);
  return copy;
}

}  // namespace codehelper::test
