// Processes over a real Chroma, for end-to-end tests.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/api_client.hpp"
#include "support/chroma_server.hpp"
#include "support/codehelper_process.hpp"
#include "support/sample_repository.hpp"

namespace codehelper::test {

inline const std::vector<std::string> kTwentyQuestions = {"retry a failed observable with a delay",
                                                          "debounceTime",
                                                          "subscribe to a subject",
                                                          "scheduler that uses animation frames",
                                                          "fromEvent listener options",
                                                          "share replay buffer size",
                                                          "how are errors reported asynchronously",
                                                          "combine the latest values of several sources",
                                                          "where is a subscription torn down",
                                                          "throttle by a duration selector",
                                                          "convert a promise to an observable",
                                                          "window of values with a maximum size",
                                                          "test scheduler marble parsing",
                                                          "what happens when no element is emitted",
                                                          "buffer values until another observable emits",
                                                          "interop observable symbol",
                                                          "group values by a key",
                                                          "timeout with a fallback observable",
                                                          "ajax request headers and response type",
                                                          "config deprecated synchronous error handling"};

/// The same sources in four dialects, without what is generated beside them: a thousand files.
inline std::filesystem::path copy_thousand_files(const TemporaryDirectory& folder) {
  const std::filesystem::path copy = folder.path() / "thousand";
  for (const char* part : {"src", "dist/types", "dist/esm", "dist/cjs"}) {
    const std::filesystem::path from = std::filesystem::path(CODEHELPER_TEST_CORPUS) / part;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(from)) {
      if (!entry.is_regular_file() || entry.path().extension() == ".map") continue;
      const auto to = copy / part / std::filesystem::relative(entry.path(), from);
      std::filesystem::create_directories(to.parent_path());
      std::filesystem::copy_file(entry.path(), to);
    }
  }
  return copy;
}

/// A part of them: some hundred files.
inline std::filesystem::path copy_medium_repository(const TemporaryDirectory& folder) {
  const std::filesystem::path copy = folder.path() / "medium";
  std::filesystem::copy(std::filesystem::path(CODEHELPER_TEST_CORPUS) / "src", copy,
                        std::filesystem::copy_options::recursive);
  return copy;
}

/// A server, and what it answers.
class ApiOver {
 public:
  explicit ApiOver(Variables variables)
      : process_({"serve-api", "--port", "0"}, std::move(variables)), api_(process_.wait_for_url()) {}

  ApiClient& api() { return api_; }
  CodehelperProcess& process() { return process_; }
  std::string status() { return std::string(api_.get("/project").json().at("index_status").as_string()); }

  /// The hits of one question; waits while the server still loads what it searches.
  boost::json::array search(const std::filesystem::path& project, const std::string& question) {
    boost::json::object answer;
    wait_until("an answer of all legs", std::chrono::seconds(60), [&] {
      const ApiAnswer reply =
          api_.post("/search", {{"query", question}, {"project_path", project.string()}, {"limit", 10}});
      if (reply.status != 200) throw std::runtime_error("search: " + reply.text);
      answer = reply.json();
      return !answer.at("index").as_object().contains("warming");
    });
    return answer.at("hits").as_array();
  }
  std::vector<boost::json::array> search_all(const std::filesystem::path& project) {
    std::vector<boost::json::array> answers;
    for (const std::string& question : kTwentyQuestions) answers.push_back(search(project, question));
    return answers;
  }

 private:
  CodehelperProcess process_;
  ApiClient api_;
};

/// How many places of `left` are in `right` too.
inline std::size_t count_common(const boost::json::array& left, const boost::json::array& right) {
  std::size_t common = 0;
  for (const boost::json::value& hit : left) {
    for (const boost::json::value& other : right) {
      common += hit.at("path") == other.at("path") && hit.at("start_line") == other.at("start_line") ? 1 : 0;
    }
  }
  return common;
}

/// The places of an answer without their scores, which differ in the last digits: Chroma's vectors aren't rounded.
inline std::vector<std::string> places_of(const boost::json::array& hits) {
  std::vector<std::string> places;
  for (const boost::json::value& hit : hits) {
    places.push_back(std::string(hit.at("path").as_string()) + ":" + boost::json::serialize(hit.at("start_line")));
  }
  return places;
}

}  // namespace codehelper::test
