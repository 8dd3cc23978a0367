#include "index_plan.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <map>

#include "codehelper/base/json_text.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/index/index_plan.hpp"
#include "index_estimate.hpp"
#include "skipped_file.hpp"
#include "terminal.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

using Estimate = Result<std::chrono::duration<double>>;

json::object to_json(const IndexPlan& plan, const Project& project, const Estimate& estimate) {
  json::array files;
  for (const SourceFile& file : plan.files)
    files.push_back({{"path", to_valid_utf8(file.path)}, {"bytes", file.size_bytes}});
  json::array skipped;
  for (const SkippedFile& file : plan.skipped) skipped.push_back(to_json(file));
  return {{"project_path", project.posted_path},
          {"file_count", plan.files.size()},
          {"bytes", plan.bytes},
          {"estimated_seconds", estimate ? json::value(estimate->count()) : json::value()},
          {"files", std::move(files)},
          {"skipped", std::move(skipped)}};
}

void print_for_people(const IndexPlan& plan, const Estimate& estimate) {
  const TextStyle style = find_terminal().out;
  for (const SourceFile& file : plan.files) fmt::print("{:>10}  {}\n", file.size_bytes, style.clean(file.path));
  std::map<std::string_view, std::size_t> reasons;
  for (const SkippedFile& file : plan.skipped) {
    ++reasons[to_string(file.reason)];
    const std::string line = fmt::format("{:>10}  {}: {}", "-", file.path, describe(file));
    fmt::print("{}\n", style.paint(Tone::dim, style.clean(line)));
  }
  fmt::print("{} files, {} bytes would be indexed; {} left out", plan.files.size(), plan.bytes, plan.skipped.size());
  for (const auto& [reason, count] : reasons) fmt::print(", {} {}", count, reason);
  fmt::print("\n");
  if (estimate) {
    fmt::print("a first index of it takes about {:.1f} s on this machine\n", estimate->count());
  } else {
    fmt::print(stderr, "how long it takes can't be told: {}\n", estimate.error().message);
  }
}

}  // namespace

int print_index_plan(const Config& config, const Arguments& arguments, const Project& project) {
  const auto plan = plan_index(project.root, config.index.max_file_bytes);
  if (!plan) return fail_mode("index", plan.error());
  const Estimate estimate = estimate_index_time(config, project.root, *plan);
  if (arguments.json) {
    fmt::print("{}\n", to_json_text(to_json(*plan, project, estimate)));
  } else {
    print_for_people(*plan, estimate);
  }
  return kExitDone;
}

}  // namespace codehelper
