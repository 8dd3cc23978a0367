#include "codehelper/base/metrics.hpp"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <unordered_map>

namespace codehelper {

namespace {

// Each series once made, by name and labels: prometheus-cpp would build a throw-away one for every observation.
template <class Kind>
class Series {
 public:
  template <class Make>
  Kind& find_or_make(const std::string& name, const Metrics::Labels& labels, Make make) {
    std::string key = name;
    for (const auto& [label, value] : labels) key.append(1, '\0').append(label).append(1, '\0').append(value);
    const std::lock_guard lock(mutex_);
    Kind*& known = known_[std::move(key)];
    if (known == nullptr) known = &make();
    return *known;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, Kind*> known_;
};

const std::vector<double> kCoarseSeconds = {0.1, 0.5, 1};
const std::vector<double> kFineSeconds = {0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1,  1.5, 2,
                                          2.5,  3,     3.5,  4,     4.5, 5,    7.5, 10,   30, 60};

}  // namespace

// The registry gives the same family when a name is registered a second time.
struct Metrics::Families {
  prometheus::Counter& counter(const std::string& name, const std::string& help, const Labels& labels) {
    const auto make = [&]() -> auto& {
      return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
    };
    return counters.find_or_make(name, labels, make);
  }

  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  Series<prometheus::Counter> counters;
  Series<prometheus::Gauge> gauges;
  Series<prometheus::Histogram> histograms;
  Series<prometheus::Summary> summaries;
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::count(const std::string& name, const std::string& help, const Labels& labels, double amount) {
  families_->counter(name, help, labels).Increment(amount);
}

void Metrics::raise(const std::string& name, const std::string& help, const Labels& labels, double value) {
  auto& counter = families_->counter(name, help, labels);
  counter.Increment(value - counter.Value());
}

void Metrics::set(const std::string& name, const std::string& help, const Labels& labels, double value) {
  const auto make = [&]() -> auto& {
    return prometheus::BuildGauge().Name(name).Help(help).Register(families_->registry).Add(labels);
  };
  families_->gauges.find_or_make(name, labels, make).Set(value);
}

void Metrics::observe(const std::string& name, const std::string& help, const Labels& labels,
                      const std::vector<double>& bounds, double value) {
  const auto make = [&]() -> auto& {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(families_->registry).Add(labels, bounds);
  };
  families_->histograms.find_or_make(name, labels, make).Observe(value);
}

void Metrics::sum(const std::string& name, const std::string& help, const Labels& labels, double value) {
  const auto make = [&]() -> auto& {
    return prometheus::BuildSummary()
        .Name(name)
        .Help(help)
        .Register(families_->registry)
        .Add(labels, prometheus::Summary::Quantiles{});
  };
  families_->summaries.find_or_make(name, labels, make).Observe(value);
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

void record_served_request(Metrics& metrics, const ServedRequest& request) {
  const Metrics::Labels by_route{{"handler", request.route}};
  const Metrics::Labels by_method{{"method", request.method}, {"handler", request.route}};
  const double seconds = request.duration.count();
  metrics.count(
      "http_requests_total", "Total number of requests by method, status and handler.",
      {{"method", request.method}, {"status", fmt::format("{}xx", request.status / 100)}, {"handler", request.route}});
  metrics.sum("http_request_size_bytes", "Content length of incoming requests by handler.", by_route,
              request.request_bytes);
  metrics.sum("http_response_size_bytes", "Content length of outgoing responses by handler.", by_route,
              request.response_bytes);
  metrics.observe("http_request_duration_highr_seconds", "Latency with many buckets, without labels.", {}, kFineSeconds,
                  seconds);
  metrics.observe("http_request_duration_seconds", "Latency with few buckets by method and handler.", by_method,
                  kCoarseSeconds, seconds);
}

}  // namespace codehelper
