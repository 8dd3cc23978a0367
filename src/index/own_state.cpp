#include "codehelper/index/shared_state.hpp"

namespace codehelper {

namespace {

class OwnState final : public SharedState {
 public:
  explicit OwnState(CurrentProject project) : project_(std::move(project)) {}

  Task<Result<std::optional<CurrentProject>>> load(RequestContext /*context*/) override { co_return project_; }
  Task<Result<void>> save(RequestContext /*context*/, CurrentProject project) override {
    project_ = std::move(project);
    co_return Result<void>{};
  }

 private:
  CurrentProject project_;
};

}  // namespace

std::unique_ptr<SharedState> make_own_state(CurrentProject project) {
  return std::make_unique<OwnState>(std::move(project));
}

}  // namespace codehelper
