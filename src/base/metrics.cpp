#include "codehelper/base/metrics.hpp"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
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

// A summary without quantiles. prometheus-cpp's own keeps samples for quantiles even where none is asked for: five
// insertions into a sorted structure for each observation.
class Sum {
 public:
  void observe(double value) {
    const std::lock_guard lock(mutex_);
    ++count_;
    sum_ += value;
  }
  prometheus::ClientMetric collect() const {
    const std::lock_guard lock(mutex_);
    prometheus::ClientMetric metric;
    metric.summary.sample_count = count_;
    metric.summary.sample_sum = sum_;
    return metric;
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

class SumFamilies {
 public:
  Sum& find_or_make(const std::string& name, const std::string& help, const Metrics::Labels& labels) {
    const std::lock_guard lock(mutex_);
    Family& family = families_[name];
    family.help = help;
    return family.sums[labels];
  }
  void collect_into(std::vector<prometheus::MetricFamily>& all) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, family] : families_) {
      prometheus::MetricFamily collected{name, family.help, prometheus::MetricType::Summary, {}};
      for (const auto& [labels, sum] : family.sums) {
        collected.metric.push_back(sum.collect());
        for (const auto& [label, value] : labels) collected.metric.back().label.push_back({label, value});
      }
      all.push_back(std::move(collected));
    }
  }

 private:
  struct Family {
    std::string help;
    std::map<Metrics::Labels, Sum> sums;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
};

// What one method, status and route counts into.
struct ServedSeries {
  prometheus::Counter& requests;
  Sum& request_bytes;
  Sum& response_bytes;
  prometheus::Histogram& fine_seconds;
  prometheus::Histogram& coarse_seconds;
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

  prometheus::Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels,
                                   const std::vector<double>& bounds) {
    const auto make = [&]() -> auto& {
      return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(labels, bounds);
    };
    return histograms.find_or_make(name, labels, make);
  }
  ServedSeries make_served(const ServedRequest& request);
  ServedSeries find_or_make_served(const ServedRequest& request);

  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  Series<prometheus::Counter> counters;
  Series<prometheus::Gauge> gauges;
  Series<prometheus::Histogram> histograms;
  SumFamilies sums;
  std::mutex served_mutex;
  std::unordered_map<std::string, ServedSeries> served;
};

ServedSeries Metrics::Families::make_served(const ServedRequest& request) {
  const std::string method(request.method);
  const std::string route(request.route);
  const Labels by_route{{"handler", route}};
  const Labels by_method{{"method", method}, {"handler", route}};
  const Labels by_status{{"method", method}, {"status", fmt::format("{}xx", request.status / 100)}, {"handler", route}};
  return {
      counter("http_requests_total", "Total number of requests by method, status and handler.", by_status),
      sums.find_or_make("http_request_size_bytes", "Content length of incoming requests by handler.", by_route),
      sums.find_or_make("http_response_size_bytes", "Content length of outgoing responses by handler.", by_route),
      histogram("http_request_duration_highr_seconds", "Latency with many buckets, without labels.", {}, kFineSeconds),
      histogram("http_request_duration_seconds", "Latency with few buckets by method and handler.", by_method,
                kCoarseSeconds),
  };
}

ServedSeries Metrics::Families::find_or_make_served(const ServedRequest& request) {
  std::string key(1, static_cast<char>('0' + request.status / 100));
  key.append(request.method).append(1, ' ').append(request.route);
  const std::lock_guard lock(served_mutex);
  const auto found = served.find(key);
  if (found != served.end()) return found->second;
  return served.emplace(std::move(key), make_served(request)).first->second;
}

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
  families_->histogram(name, help, labels, bounds).Observe(value);
}

void Metrics::sum(const std::string& name, const std::string& help, const Labels& labels, double value) {
  families_->sums.find_or_make(name, help, labels).observe(value);
}

void Metrics::record(const ServedRequest& request) {
  const ServedSeries series = families_->find_or_make_served(request);
  const double seconds = request.duration.count();
  series.requests.Increment();
  series.request_bytes.observe(request.request_bytes);
  series.response_bytes.observe(request.response_bytes);
  series.fine_seconds.Observe(seconds);
  series.coarse_seconds.Observe(seconds);
}

std::string Metrics::text() const {
  auto all = families_->registry.Collect();
  families_->sums.collect_into(all);
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace codehelper
