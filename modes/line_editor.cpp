#include "line_editor.hpp"

#include <fcntl.h>
#include <histedit.h>
#include <langinfo.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <fstream>
#include <string_view>
#include <vector>

#include "codehelper/base/text.hpp"

namespace codehelper {

namespace {

constexpr int kKeptLines = 1000;

// libedit cuts what is typed into characters by the locale.
void use_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

std::vector<std::string> HistoryFile::load() const {
  std::vector<std::string> lines;
  std::ifstream stream(file_, std::ios::binary);
  for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
  if (lines.size() <= kKeptLines) return lines;
  const bool is_much = lines.size() > 2 * kKeptLines;
  lines.erase(lines.begin(), lines.end() - kKeptLines);
  if (is_much) replace(lines);
  return lines;
}

void HistoryFile::replace(const std::vector<std::string>& lines) const {
  const std::filesystem::path other = file_.string() + ".new";
  const HistoryFile shorter(other);
  std::error_code ignored;
  std::filesystem::remove(other, ignored);
  for (const std::string& line : lines) shorter.append(line);
  std::filesystem::rename(other, file_, ignored);
}

void HistoryFile::append(const std::string& line) const {
  std::error_code ignored;
  std::filesystem::create_directories(file_.parent_path(), ignored);
  const int descriptor = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return;
  const std::string text = line + '\n';
  [[maybe_unused]] const auto written = ::write(descriptor, text.data(), text.size());
  ::close(descriptor);
}

struct LineEditor::State {
  State(std::string prompt_text, HistoryFile history_file)
      : prompt(std::move(prompt_text)), file(std::move(history_file)) {}

  static char* give_prompt(EditLine* editor) {
    State* self = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &self);
    return self->prompt.data();
  }
  static unsigned char interrupt(EditLine* editor, int) {
    State* self = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &self);
    self->was_interrupted = true;
    const LineInfo* line = ::el_line(editor);
    self->interrupted_text.assign(line->buffer, line->lastchar);
    return CC_EOF;
  }
  void remember(const std::string& line) const {
    HistEvent event;
    ::history(past.get(), &event, H_ENTER, line.c_str());
  }

  std::string prompt;
  HistoryFile file;
  std::unique_ptr<History, decltype(&::history_end)> past{::history_init(), &::history_end};
  std::unique_ptr<EditLine, decltype(&::el_end)> editor{nullptr, &::el_end};
  bool was_interrupted = false;
  std::string interrupted_text;
};

LineEditor::LineEditor(std::string prompt, HistoryFile history)
    : state_(std::make_unique<State>(std::move(prompt), std::move(history))) {
  use_utf8();
  HistEvent event;
  ::history(state_->past.get(), &event, H_SETSIZE, kKeptLines);
  ::history(state_->past.get(), &event, H_SETUNIQUE, 1);
  for (const std::string& line : state_->file.load()) state_->remember(line);

  state_->editor.reset(::el_init("codehelper", stdin, stderr, stderr));
  EditLine* const editor = state_->editor.get();
  ::el_set(editor, EL_CLIENTDATA, state_.get());
  ::el_set(editor, EL_PROMPT, &State::give_prompt);
  ::el_set(editor, EL_EDITOR, "emacs");
  ::el_set(editor, EL_SIGNAL, 1);  // so that it follows the terminal's size
  ::el_set(editor, EL_HIST, &::history, state_->past.get());
  ::el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  // While a line is typed Ctrl-C is a key and no signal: nothing is interrupted but the line.
  ::el_set(editor, EL_SETTY, "-d", "-isig", nullptr);
  ::el_wset(editor, EL_ADDFN, L"interrupt-line", L"gives up the line", &State::interrupt);  // el_set leaks the names
  ::el_set(editor, EL_BIND, "^C", "interrupt-line", nullptr);
}

LineEditor::~LineEditor() = default;

LineEditor::Line LineEditor::read() {
  state_->was_interrupted = false;
  int count = 0;
  const char* const typed = ::el_gets(state_->editor.get(), &count);
  if (state_->was_interrupted) {
    std::fputc('\n', stderr);
    return {End::interrupted, state_->interrupted_text};
  }
  if (typed == nullptr || count <= 0) {
    std::fputc('\n', stderr);
    return {End::closed, {}};
  }
  std::string text(typed, static_cast<std::size_t>(count));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (!is_blank(text)) {
    state_->remember(text);
    state_->file.append(text);
  }
  return {End::line, std::move(text)};
}

}  // namespace codehelper
