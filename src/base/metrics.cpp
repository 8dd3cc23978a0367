#include "codehelper/base/metrics.hpp"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>
#include <prometheus/text_serializer.h>

namespace codehelper {

namespace {

template <class Kind, class Builder>
prometheus::Family<Kind>& family(Builder builder, const std::string& name, const std::string& help,
                                 prometheus::Registry& registry) {
  return builder.Name(name).Help(help).Register(registry);
}

const std::vector<double> kCoarseSeconds = {0.1, 0.5, 1};
const std::vector<double> kFineSeconds = {0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1,  1.5, 2,
                                          2.5,  3,     3.5,  4,     4.5, 5,    7.5, 10,   30, 60};

}  // namespace

// Registering a name a second time gives the same family, so the registry itself is all the state.
struct Metrics::Families {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::count(const std::string& name, const std::string& help, const Labels& labels, double amount) {
  family<prometheus::Counter>(prometheus::BuildCounter(), name, help, families_->registry)
      .Add(labels)
      .Increment(amount);
}

void Metrics::raise(const std::string& name, const std::string& help, const Labels& labels, double value) {
  auto& counter = family<prometheus::Counter>(prometheus::BuildCounter(), name, help, families_->registry).Add(labels);
  counter.Increment(value - counter.Value());
}

void Metrics::set(const std::string& name, const std::string& help, const Labels& labels, double value) {
  family<prometheus::Gauge>(prometheus::BuildGauge(), name, help, families_->registry).Add(labels).Set(value);
}

void Metrics::observe(const std::string& name, const std::string& help, const Labels& labels,
                      const std::vector<double>& bounds, double value) {
  family<prometheus::Histogram>(prometheus::BuildHistogram(), name, help, families_->registry)
      .Add(labels, bounds)
      .Observe(value);
}

void Metrics::sum(const std::string& name, const std::string& help, const Labels& labels, double value) {
  family<prometheus::Summary>(prometheus::BuildSummary(), name, help, families_->registry)
      .Add(labels, prometheus::Summary::Quantiles{})
      .Observe(value);
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
