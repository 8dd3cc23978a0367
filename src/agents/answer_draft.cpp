#include "answer_draft.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "codehelper/base/secret_text.hpp"

namespace codehelper {

namespace {

/// The folder that narrows the search; empty when the pinned name is none.
std::string find_pinned_folder(const Project& project, const std::string& pinned_repo) {
  std::filesystem::path folder = pinned_repo;
  if (folder.empty()) return {};
  if (folder.is_absolute()) folder = folder.lexically_normal().lexically_relative(project.root);
  std::string name = folder.lexically_normal().generic_string();
  while (name.ends_with('/')) name.pop_back();
  const bool is_inside = !name.empty() && name != "." && !name.starts_with("..");
  std::error_code error;
  return is_inside && std::filesystem::is_directory(project.root / name, error) ? name : std::string();
}

}  // namespace

void AnswerDraft::emit(const CrewEvent& event) const {
  if (on_event) on_event(event);
}

void AnswerDraft::add_step(ChatStep step) {
  emit(step);
  answer.steps.push_back(std::move(step));
}

void AnswerDraft::add_note(std::string note) {
  if (std::ranges::find(answer.notes, note) == answer.notes.end()) answer.notes.push_back(std::move(note));
}

void AnswerDraft::note_index(const SearchResult& found) {
  answer.index = found.index;
  answer.changed_files = found.changed_files;
  for (const std::string& note : found.notes) add_note(note);
  add_note(describe_freshness(found.index, found.changed_files));
}

void AnswerDraft::count(const TokenUsage& usage) {
  TokenUsage sum = answer.usage.value_or(TokenUsage{});
  sum.add(usage);
  answer.usage = sum;
}

OutputSink AnswerDraft::output_sink() const {
  if (!on_event) return {};
  return [sink = on_event](OutputStream stream, std::string_view piece) {
    sink(OutputEvent{stream, mask_secrets(piece).text});
  };
}

bool AnswerDraft::ends_the_chat(const Error& error) const {
  return error.code == ErrorCode::cancelled || (error.code == ErrorCode::timeout && context.deadline.passed());
}

std::string AnswerDraft::question() const {
  std::string text = request.message;
  for (const ChatAttachment& attachment : request.attachments) text += "\n" + attachment.name + "\n" + attachment.text;
  return text;
}

ToolBox AnswerDraft::make_tools(CommandPermit permit) const {
  const Project& project = *request.project;
  ToolBox tools({parts.loop, parts.retriever, parts.symbols, parts.max_file_bytes, parts.web}, project,
                find_pinned_folder(project, request.pinned_repo), std::move(permit));
  for (const ChatAttachment& attachment : request.attachments) tools.attach(attachment.name, attachment.text);
  return tools;
}

std::string describe_freshness(const IndexMarker& index, std::optional<std::uint64_t> changed_files) {
  std::string text = fmt::format("Index of {}", index.finished_at);
  if (changed_files && *changed_files > 0) text += fmt::format("; {} files have changed since", *changed_files);
  return text + ".";
}

}  // namespace codehelper
