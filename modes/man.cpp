// The manual page (roff with the man macros), made of the table of modes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "codehelper/base/version.hpp"
#include "command_table.hpp"
#include "modes.hpp"

namespace codehelper {

namespace {

// As text that roff takes for nothing else.
std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  if (escaped.starts_with('.') || escaped.starts_with('\'')) escaped.insert(0, "\\&");
  return escaped;
}

std::string value_of(const CommandValue& value) {
  if (!value.choices.empty()) return fmt::format("{}", fmt::join(value.choices, "|"));
  return value.kind.empty() ? "VALUE" : value.kind;
}

std::string synopsis_of(const CommandValue& argument) {
  const std::string dots = argument.repeats ? "..." : "";
  return argument.is_required ? argument.name + dots : fmt::format("[{}{}]", argument.name, dots);
}

std::string describe(const CommandEntry& command) {
  std::string text = fmt::format(".SS {}\n.B codehelper {}\n[flags]", escape(command.name), escape(command.name));
  for (const CommandValue& argument : command.arguments) text += " " + escape(synopsis_of(argument));
  text += fmt::format("\n.PP\n{}.\n", escape(command.summary));
  for (const CommandValue& argument : command.arguments) {
    const std::string choices = argument.choices.empty() ? "" : " (" + value_of(argument) + ")";
    text += fmt::format(".TP\n.I {}\n{}\n", escape(argument.name + choices), escape(argument.help));
  }
  for (const CommandValue& flag : command.flags) {
    const std::string value = flag.takes_value ? fmt::format("\\fR=\\fI{}", escape(value_of(flag))) : "";
    text += fmt::format(".TP\n\\fB{}{}\\fR\n{}\n", escape(flag.name), value, escape(flag.help));
  }
  return text;
}

constexpr std::string_view kDescription = R"(.SH DESCRIPTION
.B codehelper
is a self\-hosted code helper: it indexes a repository, answers questions about it with places whose lines are checked
against the files, and runs its tests. Each mode below is a process or a client of one; the clients ask the server at
.B CODE_HELPER_API_URL
with the token in
.BR CODEHELPER_API_TOKEN .
A server asks for that token, or for those of its
.BR CODEHELPER_TOKENS_FILE ,
whose lines
.B codehelper token
makes.
Answers go to standard output, everything else to standard error. Colours are for terminals, and not with
.B NO_COLOR
or
.BR TERM=dumb .
A flag of a setting overrides its environment variable, which stands in brackets behind its meaning.
.SH MODES
)";

constexpr std::string_view kEnd = R"(.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
failed; standard error says why and what to do. Of
.BR why :
a file is kept out. Of
.BR doctor :
something doesn't work
.TP
.B 2
wrong usage. Of
.BR why :
a file can't be told of
.TP
.B 75
another
.B index
or
.B ingest
of the same project is at work
.TP
.B 130
an answer was stopped by Ctrl\-C
.TP
.B run\-tests
ends with the status of the tests: 128 and the signal's number when one ended them, 1 when no test ran
.SH FILES
.TP
.I $XDG_DATA_HOME/codehelper/chat_history
what was typed into
.BR chat ,
readable by its owner only
.SH EXAMPLES
.nf
codehelper dev .
codehelper chat "where are requests parsed?"
make 2>&1 | codehelper chat "why does this fail?"
codehelper index \-\-plan
codehelper why build/main.o
codehelper token laptop \-\-scopes read,chat >> tokens
.fi
)";

}  // namespace

int run_man(const Config&, const Arguments&) {
  fmt::print(".TH CODEHELPER 1 \"\" \"codehelper {}\" \"User Commands\"\n", version());
  fmt::print(".SH NAME\ncodehelper \\- indexes a repository, answers about it and runs its tests\n");
  fmt::print(".SH SYNOPSIS\n.B codehelper\n.I MODE\n[flags] [arguments]\n{}", kDescription);
  for (const CommandEntry& command : list_commands()) fmt::print("{}", describe(command));
  fmt::print("{}", kEnd);
  return kExitDone;
}

}  // namespace codehelper
