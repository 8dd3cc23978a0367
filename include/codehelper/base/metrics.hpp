// Figures for Prometheus. Families are made on first use; label values must come from a small fixed set (route
// templates, never raw paths). Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

/// `route` is the template of the route, for instance "/run"; sizes in bytes, 0 for a stream.
struct ServedRequest {
  std::string_view method;
  std::string_view route;
  int status = 0;
  double request_bytes = 0;
  double response_bytes = 0;
  std::chrono::duration<double> duration{};
};

class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// `name` of a counter ends in `_total`; `help` is one sentence; both stay the same for a name.
  void count(const std::string& name, const std::string& help, const Labels& labels, double amount = 1);
  /// For a total that is counted elsewhere: raises the counter to `value`.
  void raise(const std::string& name, const std::string& help, const Labels& labels, double value);
  void set(const std::string& name, const std::string& help, const Labels& labels, double value);
  /// `bounds` are the upper bounds of the buckets, ascending, without +Inf.
  void observe(const std::string& name, const std::string& help, const Labels& labels,
               const std::vector<double>& bounds, double value);
  /// A summary without quantiles: only `_count` and `_sum`.
  void sum(const std::string& name, const std::string& help, const Labels& labels, double value);

  /// One answered HTTP request, in the families of prometheus-fastapi-instrumentator. After the first of its method,
  /// status and route it costs one look-up, no more.
  void record(const ServedRequest& request);

  /// Text exposition format 0.0.4, ending in a line feed.
  std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace codehelper
