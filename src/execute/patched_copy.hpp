// The throw-away copy of a project in which a command runs with a patch applied.
#pragma once

#include <memory>
#include <string>

#include "codehelper/execute/child_process.hpp"
#include "codehelper/execute/copy_rules.hpp"
#include "codehelper/execute/patch.hpp"
#include "copy_place.hpp"

namespace codehelper {

class PatchedProject {
 public:
  /// Checks the patch against the project and makes an empty directory for the copy. Errors: conflict when the patch
  /// doesn't apply, and those of CopyPlace::make().
  static Task<Result<std::unique_ptr<PatchedProject>>> prepare(EventLoop& loop, CopyRules rules,
                                                               std::filesystem::path project, std::string patch);
  /// remove(), at once, where that has not been called.
  ~PatchedProject();
  PatchedProject(const PatchedProject&) = delete;
  PatchedProject& operator=(const PatchedProject&) = delete;

  /// Real path.
  const std::filesystem::path& directory() const { return directory_; }

  /// Makes the copy, and the plan one of a run in it: working directory, and the time that is left. Errors: those of
  /// ProjectCopy, timeout when the plan's time has passed, cancelled.
  Task<Result<void>> fill(CommandPlan& plan);
  const PatchedCopy& description() const { return description_; }
  /// After the end of the run. Not to be cancelled.
  Task<void> remove();

 private:
  PatchedProject(EventLoop& loop, CopyRules rules, std::shared_ptr<CopyPlace> place, PatchOutcome outcome);

  EventLoop& loop_;
  CopyRules rules_;
  std::shared_ptr<CopyPlace> place_;
  std::filesystem::path directory_;
  PatchOutcome outcome_;
  PatchedCopy description_;
};

/// Where copies lie by these rules.
std::filesystem::path copies_directory(const CopyRules& rules);

}  // namespace codehelper
