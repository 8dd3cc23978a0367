#include "openai_models.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "codehelper/base/hash.hpp"

namespace codehelper {

namespace {

constexpr std::string_view kDefaultModel = "codehelper";
constexpr std::size_t kHashDigits = 8;

}  // namespace

std::vector<OpenaiModel> name_models(const std::vector<Project>& projects) {
  std::map<std::string, int> uses;  // of a folder's name
  for (const Project& project : projects) ++uses[project.root.filename().string()];
  std::vector<OpenaiModel> models;
  for (const Project& project : projects) {
    const std::string folder = project.root.filename().string();
    std::string id = fmt::format("{}:{}", kDefaultModel, folder);
    if (uses[folder] > 1) id += "-" + sha256_hex(project.root.string()).substr(0, kHashDigits);
    models.push_back({std::move(id), project});
  }
  std::ranges::sort(models, {}, &OpenaiModel::id);
  models.insert(models.begin(), {std::string(kDefaultModel), std::nullopt});
  return models;
}

Task<std::vector<OpenaiModel>> list_models(ApiServices& services, RequestContext context) {
  const std::vector<Project> projects = co_await services.projects->list(std::move(context), services.loop);
  co_return name_models(projects);
}

Task<Result<OpenaiModel>> find_model(ApiServices& services, RequestContext context, std::string id) {
  std::vector<OpenaiModel> models;
  if (id == kDefaultModel) co_return OpenaiModel{std::move(id), std::nullopt};
  models = co_await list_models(services, std::move(context));
  const auto found = std::ranges::find(models, id, &OpenaiModel::id);
  if (found != models.end()) co_return std::move(*found);
  std::vector<std::string> ids;
  for (OpenaiModel& model : models) ids.push_back(std::move(model.id));
  co_return fail(ErrorCode::not_found,
                 fmt::format("the model \"{}\" does not exist; the models are {}", id, fmt::join(ids, ", ")));
}

}  // namespace codehelper
