#include "codehelper/base/log.hpp"

#include <unistd.h>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <array>
#include <sstream>

using namespace codehelper;

namespace {

// Collects what a log wrote into a pipe.
class LogPipe {
 public:
  LogPipe() { REQUIRE(::pipe(ends_.data()) == 0); }
  int writer() const { return ends_[1]; }
  // Takes what is in the pipe now.
  std::size_t read_some() const {
    std::string text(1 << 20, '\0');
    const ssize_t size = ::read(ends_[0], text.data(), text.size());
    return size < 0 ? 0 : static_cast<std::size_t>(size);
  }
  std::vector<boost::json::object> lines() {
    ::close(ends_[1]);
    std::string text(65'536, '\0');
    const ssize_t size = ::read(ends_[0], text.data(), text.size());
    ::close(ends_[0]);
    std::istringstream stream(text.substr(0, static_cast<std::size_t>(size)));
    std::vector<boost::json::object> objects;
    for (std::string line; std::getline(stream, line);) objects.push_back(boost::json::parse(line).as_object());
    return objects;
  }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace

TEST_CASE("log: a line is one JSON object with time, level, event, id and fields") {
  LogPipe pipe;

  Log(pipe.writer(), LogLevel::info).bound_to("r-1").info("job_started", {{"job_id", "ingest-1"}, {"files", 3}});

  const auto lines = pipe.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("level") == "info");
  CHECK(lines[0].at("event") == "job_started");
  CHECK(lines[0].at("request_id") == "r-1");
  CHECK(lines[0].at("files") == 3);
  const std::string timestamp(lines[0].at("timestamp").as_string());
  CHECK_THAT(timestamp, Catch::Matches(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"));
}

TEST_CASE("log: lines below the level are dropped") {
  LogPipe pipe;
  const Log log(pipe.writer(), LogLevel::warning);

  log.info("quiet");
  log.debug("quieter");
  log.error("loud");

  CHECK(pipe.lines().size() == 1);
}

TEST_CASE("log: bytes that are no UTF-8 and line ends stay within one valid line") {
  LogPipe pipe;

  Log(pipe.writer(), LogLevel::info).info("odd", {{"path", "a\nb\xff"}});

  const auto lines = pipe.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("path") == "a\nb\xEF\xBF\xBD");
}

TEST_CASE("log: while nobody reads, lines are dropped and counted instead of waited for") {
  LogPipe pipe;
  const Log log(pipe.writer(), LogLevel::info);
  const std::string long_text(4'000, 'x');

  for (int i = 0; i < 40; ++i) log.info("flood", {{"text", long_text}});
  const std::size_t read_first = pipe.read_some();
  log.info("after");

  const auto lines = pipe.lines();
  CHECK(read_first > 50'000);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].at("event") == "log_lines_dropped");
  CHECK(lines[0].at("count").to_number<int>() > 10);
  CHECK(lines[1].at("event") == "after");
}

TEST_CASE("log: secrets in fields are masked, at any depth") {
  LogPipe pipe;
  const std::string token = std::string("gh") + "p_" + "q7Zk2mXvB9tLwR4yHsN8cJdF3gPaUe6K1oTi";

  Log(pipe.writer(), LogLevel::info)
      .info("call_failed", {{"cause", "refused: " + token},
                            {"password", "Tr0ub4dor&3x"},
                            {"argv", {"git", {{"url", "https://me:hush-hush@host/"}}}}});

  const auto lines = pipe.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("password") == "[masked: password]");
  CHECK(lines[0].at("cause") == "refused: [masked: GitHub token]");
  CHECK(lines[0].at("argv").at(1).at("url") == "https://me:[masked: password]@host/");
}
