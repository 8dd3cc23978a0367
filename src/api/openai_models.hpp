// The models of OpenAI's API: "codehelper" is the crew in the project that is current, "codehelper:<folder>" the crew
// in one project.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codehelper/api/routes.hpp"

namespace codehelper {

struct OpenaiModel {
  std::string id;
  std::optional<Project> project;  // nothing = the one that is current when it is asked
};

/// The default first. Two folders of one name are told apart by a hash of their paths. Pure.
std::vector<OpenaiModel> name_models(const std::vector<Project>& projects);
Task<std::vector<OpenaiModel>> list_models(ApiServices& services, RequestContext context);
/// Errors: not_found, with the models there are.
Task<Result<OpenaiModel>> find_model(ApiServices& services, RequestContext context, std::string id);

}  // namespace codehelper
