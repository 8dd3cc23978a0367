// What the command-line clients share: one call of the Crew API, its answer or a plain sentence on standard error.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "codehelper/base/config.hpp"
#include "codehelper/base/error.hpp"

namespace codehelper {

struct ApiCall {
  std::string method;
  std::string target;
  boost::json::object body;  // sent for POST
};

/// The answer's object. Errors: what the API's own envelope says, or why it can't be reached; the message names the
/// URL.
Result<boost::json::object> call_api(const Config& config, ApiCall call);

/// `path` made absolute; what the server is asked about when it runs on this machine.
std::string absolute_project(const std::string& path);

}  // namespace codehelper
