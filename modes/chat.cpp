#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "client.hpp"
#include "codehelper/base/json_fields.hpp"
#include "modes.hpp"

namespace codehelper {

int run_chat(const Config& config, const Arguments& arguments) {
  ApiCall call{"POST", "/chat", {{"message", arguments.text}}};
  if (!arguments.project.empty()) call.body["project_path"] = absolute_project(arguments.project);
  const auto answer = call_api(config, std::move(call));
  if (!answer) return fail_mode("chat", answer.error());
  if (arguments.json) {
    fmt::print("{}\n", boost::json::serialize(*answer));
    return kExitDone;
  }
  const auto response = required_string(*answer, "response");
  if (!response) return fail_mode("chat", response.error());
  fmt::print("{}\n", *response);
  return kExitDone;
}

}  // namespace codehelper
