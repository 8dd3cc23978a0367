// The Job that is created for a project: an operator's template, and what the program fills in. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>

#include "codehelper/base/error.hpp"

namespace codehelper {

/// deploy/k8s/ingest-job.yaml as it was when the program was built.
std::string_view default_job_template();

/// `source` names the text in messages. Errors: malformed (no YAML) and invalid_input (no Job, or one without the
/// container "ingest"), with file and field.
Result<boost::json::object> parse_job_template(std::string_view source, std::string_view text);

struct JobRequest {
  std::string name;
  std::string job_namespace;
  std::string image;
  std::string project_path;  // as posted
  std::string project_key;   // value of kProjectLabel
  std::string request_id;
  std::string start_id;
  std::map<std::string, std::string> env;  // the template's own variables stay
  unsigned shards = 1;                     // over 1: an Indexed Job
};
boost::json::object make_job(const boost::json::object& job_template, const JobRequest& request);

}  // namespace codehelper
