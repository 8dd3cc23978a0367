// Completion scripts, made of the table of modes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "command_table.hpp"
#include "modes.hpp"

namespace codehelper {

namespace {

// The first words of a flag's meaning: what stands before its variable and default.
std::string brief(const CommandValue& value) {
  return value.help.substr(0, value.help.find(" ["));
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Between single quotes, as bash and zsh read it.
std::string quote(const std::string& text) {
  return "'" + replace_all(text, "'", R"('\'')") + "'";
}

std::string names_of(const std::vector<CommandEntry>& commands) {
  std::string names;
  for (const CommandEntry& command : commands) names += (names.empty() ? "" : " ") + command.name;
  return names;
}

// What a function of the bash script offers for a value: words, files, folders or nothing.
std::string bash_offer(const CommandValue& value) {
  if (!value.choices.empty()) return fmt::format("words {}", quote(fmt::format("{}", fmt::join(value.choices, " "))));
  if (value.kind == "DIR") return "paths -d";
  if (value.kind == "FILE") return "paths -f";
  return ":";
}

std::string bash_mode(const CommandEntry& command) {
  std::string flags;
  std::string valued;
  std::string offers;
  for (const CommandValue& flag : command.flags) {
    flags += (flags.empty() ? "" : " ") + flag.name;
    if (!flag.takes_value) continue;
    valued += " " + flag.name;
    offers += fmt::format("        {}) _codehelper_{}; return ;;\n", flag.name, bash_offer(flag));
  }
  std::string arguments;
  std::size_t place = 0;
  for (const CommandValue& argument : command.arguments) {
    arguments += fmt::format("        {}) _codehelper_{} ;;\n", argument.repeats ? "*" : std::to_string(place),
                             bash_offer(argument));
    ++place;
  }
  std::string text = fmt::format("    {})\n", command.name);
  if (!offers.empty()) text += fmt::format("      case $previous in\n{}      esac\n", offers);
  text += fmt::format("      if [[ $current == -* ]]; then _codehelper_words {}; return; fi\n", quote(flags));
  if (!arguments.empty()) {
    text += fmt::format("      _codehelper_place '{} '\n      case $place in\n{}      esac\n", valued, arguments);
  }
  return replace_all(std::move(text), "_codehelper_:", ":") + "      ;;\n";
}

constexpr std::string_view kBashHead =
    R"(# bash completion of codehelper. In ~/.bashrc:  source <(codehelper completion bash)
_codehelper_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }
_codehelper_paths() {
  mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
  compopt -o filenames 2>/dev/null
}
# How many arguments stand before the current word; $1 holds the flags that take a value.
_codehelper_place() {
  local index word
  place=0
  for ((index = 2; index < COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    if [[ $1 == *" $word "* ]]; then
      [[ ${COMP_WORDS[index + 1]} == "=" ]] && ((index++))
      ((index++))
    elif [[ $word != -* ]]; then
      ((place++))
    fi
  done
}
_codehelper() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} place=0
  COMPREPLY=()
  if [[ $current == "=" ]]; then
    current=
  elif [[ $previous == "=" ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
)";

std::string make_bash(const std::vector<CommandEntry>& commands) {
  std::string text(kBashHead);
  text += fmt::format("  if ((COMP_CWORD == 1)); then _codehelper_words '{} --help --version'; return; fi\n",
                      names_of(commands));
  text += "  case ${COMP_WORDS[1]} in\n";
  for (const CommandEntry& command : commands) text += bash_mode(command);
  return text + "  esac\n}\ncomplete -F _codehelper codehelper\n";
}

// What zsh's _arguments does for a value.
std::string zsh_action(const CommandValue& value) {
  if (!value.choices.empty()) return fmt::format("({})", fmt::join(value.choices, " "));
  if (value.kind == "DIR") return "_files -/";
  if (value.kind == "FILE") return "_files";
  return " ";
}

std::string zsh_help(const CommandValue& value) {
  std::string help = brief(value);
  for (const std::string_view special : {"\\", "[", "]", ":"}) {
    help = replace_all(std::move(help), special, "\\" + std::string(special));
  }
  return help;
}

std::string zsh_mode(const CommandEntry& command) {
  std::string text = fmt::format("    {})\n      _arguments -S", command.name);
  for (const CommandValue& flag : command.flags) {
    const std::string value = flag.takes_value ? ":value:" + zsh_action(flag) : "";
    const std::string spec = fmt::format("{}{}{}[{}]{}", flag.repeats ? "*" : "", flag.name,
                                         flag.takes_value ? "=" : "", zsh_help(flag), value);
    text += " \\\n        " + quote(spec);
  }
  std::size_t place = 0;
  for (const CommandValue& argument : command.arguments) {
    const std::string which = argument.repeats ? "*" : std::to_string(++place);
    text += " \\\n        " + quote(fmt::format("{}:{}:{}", which, argument.name, zsh_action(argument)));
  }
  return text + "\n      ;;\n";
}

std::string make_zsh(const std::vector<CommandEntry>& commands) {
  std::string text =
      "#compdef codehelper\n# zsh completion of codehelper. In ~/.zshrc, after compinit:  source <(codehelper "
      "completion "
      "zsh)\n_codehelper() {\n  local -a modes=(\n";
  for (const CommandEntry& command : commands) {
    text += "    " + quote(command.name + ":" + replace_all(command.summary, ":", "\\:")) + "\n";
  }
  text +=
      "  )\n  if ((CURRENT == 2)); then\n    _describe mode modes\n    return\n  fi\n"
      "  local mode=${words[2]}\n  words=(\"codehelper\" \"${(@)words[3,-1]}\")\n  ((CURRENT--))\n  case $mode in\n";
  for (const CommandEntry& command : commands) text += zsh_mode(command);
  return text + "  esac\n}\ncompdef _codehelper codehelper\n";
}

// Between single quotes, as fish reads it.
std::string quote_fish(const std::string& text) {
  return "'" + replace_all(replace_all(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string fish_value(const CommandValue& value) {
  if (!value.choices.empty())
    return fmt::format(" -x -a {}", quote_fish(fmt::format("{}", fmt::join(value.choices, " "))));
  if (value.kind == "DIR") return " -x -a '(__fish_complete_directories)'";
  if (value.kind == "FILE") return " -r -F";
  return " -x";
}

std::string fish_mode(const CommandEntry& command) {
  const std::string when = fmt::format("complete -c codehelper -n '__fish_seen_subcommand_from {}'", command.name);
  std::string text;
  for (const CommandValue& flag : command.flags) {
    text += fmt::format("{} -l {}{} -d {}\n", when, flag.name.substr(2), flag.takes_value ? fish_value(flag) : "",
                        quote_fish(brief(flag)));
  }
  for (const CommandValue& argument : command.arguments) {
    if (argument.choices.empty() && argument.kind.empty()) continue;
    const std::string value = argument.kind == "FILE" ? " -F" : fish_value(argument);
    text += fmt::format("{}{}\n", when, replace_all(value, " -x", ""));
  }
  return text;
}

std::string make_fish(const std::vector<CommandEntry>& commands) {
  std::string text =
      "# fish completion of codehelper: codehelper completion fish > ~/.config/fish/completions/codehelper.fish\n"
      "complete -c codehelper -f\n";
  for (const CommandEntry& command : commands) {
    text += fmt::format("complete -c codehelper -n __fish_use_subcommand -a {} -d {}\n", command.name,
                        quote_fish(command.summary));
  }
  for (const CommandEntry& command : commands) text += fish_mode(command);
  return text;
}

}  // namespace

int run_completion(const Config&, const Arguments& arguments) {
  const std::vector<CommandEntry> commands = list_commands();
  const std::string script = arguments.shell == "bash"  ? make_bash(commands)
                             : arguments.shell == "zsh" ? make_zsh(commands)
                                                        : make_fish(commands);
  fmt::print("{}", script);
  return kExitDone;
}

}  // namespace codehelper
