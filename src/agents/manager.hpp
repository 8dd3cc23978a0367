// The Manager: one bounded call of the model that says which roles take part and what is looked for. It is given the
// user's own words only, so nothing that stands in a file or on a page can send the Runner.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codehelper/agents/crew.hpp"

namespace codehelper {

struct ManagerTask {
  std::string message;
  std::vector<std::string> earlier_messages;  // of the user, oldest first
  std::string project_name;
  std::string pinned_repo;
  std::vector<std::string> attachment_names;
  bool can_search_web = false;
};

ModelRequest make_plan_request(const ManagerTask& task);

struct ReadPlan {
  ChatPlan plan;
  std::vector<std::string> refused;  // what of it is not done, and why
};
/// The plan that `text` holds, within bounds. A run that the user's words don't ask for is taken out.
/// Errors: bad_answer when it is no such plan.
Result<ReadPlan> read_plan(std::string_view text, const ManagerTask& task);

/// Whether the words have to do with running something: without that no plan runs anything. Pure.
bool speaks_of_running(std::string_view message);

}  // namespace codehelper
