#include "ingest_plan.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <map>

#include "codehelper/base/text.hpp"
#include "codehelper/index/index_plan.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

json::object to_json(const SkippedFile& skipped) {
  json::object object{{"path", skipped.path}, {"reason", to_string(skipped.reason)}, {"detail", skipped.detail}};
  if (skipped.rule) {
    object["rule"] =
        json::object{{"pattern", skipped.rule->pattern}, {"file", skipped.rule->file}, {"line", skipped.rule->line}};
  }
  return object;
}

json::object to_json(const IndexPlan& plan, const Project& project) {
  json::array files;
  for (const SourceFile& file : plan.files) files.push_back({{"path", file.path}, {"bytes", file.size_bytes}});
  json::array skipped;
  for (const SkippedFile& file : plan.skipped) skipped.push_back(to_json(file));
  return {{"project_path", project.posted_path},
          {"file_count", plan.files.size()},
          {"bytes", plan.bytes},
          {"files", std::move(files)},
          {"skipped", std::move(skipped)}};
}

void print_for_people(const IndexPlan& plan) {
  for (const SourceFile& file : plan.files) fmt::print("{:>10}  {}\n", file.size_bytes, file.path);
  std::map<std::string_view, std::size_t> reasons;
  for (const SkippedFile& file : plan.skipped) {
    ++reasons[to_string(file.reason)];
    fmt::print("{:>10}  {}: {}, {}\n", "-", file.path, to_string(file.reason), file.detail);
  }
  fmt::print("{} files, {} bytes would be indexed; {} left out", plan.files.size(), plan.bytes, plan.skipped.size());
  for (const auto& [reason, count] : reasons) fmt::print(", {} {}", count, reason);
  fmt::print("\n");
}

}  // namespace

int print_ingest_plan(const Config& config, const Arguments& arguments, const Project& project) {
  const auto plan = plan_index(project.root, config.index.max_file_bytes);
  if (!plan) return fail_mode("ingest", plan.error());
  if (arguments.json) {
    fmt::print("{}\n", json::serialize(to_json(*plan, project)));
  } else {
    print_for_people(*plan);
  }
  return kExitDone;
}

}  // namespace codehelper
