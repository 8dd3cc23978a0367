#include "codehelper/base/metrics.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

TEST_CASE("metrics: a served request appears in every family of the instrumentator") {
  Metrics metrics;

  metrics.record({"GET", "/run", 404, 10, 20, std::chrono::milliseconds(30)});

  const std::string text = metrics.text();
  CHECK_THAT(text, Catch::Contains(R"(http_requests_total{handler="/run",method="GET",status="4xx"} 1)"));
  CHECK_THAT(text, Catch::Contains(R"(http_request_size_bytes_count{handler="/run"} 1)"));
  CHECK_THAT(text, Catch::Contains(R"(http_response_size_bytes_sum{handler="/run"} 20)"));
  CHECK_THAT(text, Catch::Contains(R"(http_request_duration_highr_seconds_bucket{le="0.05"} 1)"));
  CHECK_THAT(text, Catch::Contains(R"(http_request_duration_highr_seconds_bucket{le="0.025"} 0)"));
  CHECK_THAT(text, Catch::Contains(R"(http_request_duration_seconds_count{handler="/run",method="GET"} 1)"));
}

TEST_CASE("metrics: counters add up, gauges hold the last value, the text ends in a line feed") {
  Metrics metrics;

  metrics.count("runs_total", "Runs.", {{"result", "ok"}});
  metrics.count("runs_total", "Runs.", {{"result", "ok"}}, 2);
  metrics.set("jobs", "Jobs.", {}, 4);
  metrics.set("jobs", "Jobs.", {}, 1);

  const std::string text = metrics.text();
  CHECK_THAT(text, Catch::Contains("# TYPE runs_total counter\nruns_total{result=\"ok\"} 3"));
  CHECK_THAT(text, Catch::Contains("# HELP jobs Jobs.\n# TYPE jobs gauge\njobs 1"));
  CHECK(text.back() == '\n');
}
