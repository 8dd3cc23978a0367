#include "codehelper/index/chunker.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "codehelper/base/text.hpp"

namespace codehelper {

namespace {

using Entry = std::pair<std::string_view, std::string_view>;

constexpr auto kByExtension = std::to_array<Entry>({
    {"ada", "ada"},
    {"adb", "ada"},
    {"ads", "ada"},
    {"asm", "assembly"},
    {"awk", "awk"},
    {"bash", "bash"},
    {"bat", "batch"},
    {"bzl", "starlark"},
    {"c", "c"},
    {"c++", "cpp"},
    {"cc", "cpp"},
    {"cjs", "javascript"},
    {"clj", "clojure"},
    {"cljs", "clojure"},
    {"cmake", "cmake"},
    {"cmd", "batch"},
    {"cpp", "cpp"},
    {"cppm", "cpp"},
    {"cr", "crystal"},
    {"cs", "csharp"},
    {"css", "css"},
    {"csv", "csv"},
    {"cts", "typescript"},
    {"cu", "cuda"},
    {"cuh", "cuda"},
    {"cxx", "cpp"},
    {"d", "d"},
    {"dart", "dart"},
    {"diff", "diff"},
    {"dockerfile", "dockerfile"},
    {"el", "elisp"},
    {"elm", "elm"},
    {"erl", "erlang"},
    {"ex", "elixir"},
    {"exs", "elixir"},
    {"f", "fortran"},
    {"f90", "fortran"},
    {"f95", "fortran"},
    {"fish", "fish"},
    {"fs", "fsharp"},
    {"fsx", "fsharp"},
    {"glsl", "glsl"},
    {"go", "go"},
    {"gradle", "groovy"},
    {"graphql", "graphql"},
    {"groovy", "groovy"},
    {"h++", "cpp"},
    {"hcl", "hcl"},
    {"hh", "cpp"},
    {"hpp", "cpp"},
    {"hrl", "erlang"},
    {"hs", "haskell"},
    {"htm", "html"},
    {"html", "html"},
    {"hxx", "cpp"},
    {"inl", "cpp"},
    {"ini", "ini"},
    {"ipp", "cpp"},
    {"java", "java"},
    {"jl", "julia"},
    {"js", "javascript"},
    {"json", "json"},
    {"json5", "json"},
    {"jsonc", "json"},
    {"jsx", "javascript"},
    {"kt", "kotlin"},
    {"kts", "kotlin"},
    {"less", "less"},
    {"lisp", "lisp"},
    {"lua", "lua"},
    {"m", "objective-c"},
    {"markdown", "markdown"},
    {"md", "markdown"},
    {"mdx", "markdown"},
    {"mjs", "javascript"},
    {"mk", "makefile"},
    {"ml", "ocaml"},
    {"mli", "ocaml"},
    {"mm", "objective-c"},
    {"mts", "typescript"},
    {"nim", "nim"},
    {"nix", "nix"},
    {"pas", "pascal"},
    {"patch", "diff"},
    {"php", "php"},
    {"phtml", "php"},
    {"pl", "perl"},
    {"pm", "perl"},
    {"proto", "protobuf"},
    {"ps1", "powershell"},
    {"psm1", "powershell"},
    {"pxd", "cython"},
    {"py", "python"},
    {"pyi", "python"},
    {"pyw", "python"},
    {"pyx", "cython"},
    {"r", "r"},
    {"rake", "ruby"},
    {"rb", "ruby"},
    {"rs", "rust"},
    {"rst", "restructuredtext"},
    {"s", "assembly"},
    {"sass", "sass"},
    {"scala", "scala"},
    {"scm", "scheme"},
    {"scss", "scss"},
    {"sh", "bash"},
    {"sol", "solidity"},
    {"sql", "sql"},
    {"svelte", "svelte"},
    {"svg", "xml"},
    {"swift", "swift"},
    {"tcl", "tcl"},
    {"tex", "latex"},
    {"tf", "hcl"},
    {"toml", "toml"},
    {"tpp", "cpp"},
    {"ts", "typescript"},
    {"tsx", "tsx"},
    {"txt", "text"},
    {"v", "verilog"},
    {"vhd", "vhdl"},
    {"vhdl", "vhdl"},
    {"vim", "vim"},
    {"vue", "vue"},
    {"xml", "xml"},
    {"xsd", "xml"},
    {"yaml", "yaml"},
    {"yml", "yaml"},
    {"zig", "zig"},
    {"zsh", "bash"},
});

constexpr auto kByName = std::to_array<Entry>({
    {".bash_profile", "bash"},
    {".bashrc", "bash"},
    {".profile", "bash"},
    {".zshrc", "bash"},
    {".clang-format", "yaml"},
    {".clang-tidy", "yaml"},
    {".vimrc", "vim"},
    {"brewfile", "ruby"},
    {"build", "starlark"},
    {"build.bazel", "starlark"},
    {"cmakelists.txt", "cmake"},
    {"containerfile", "dockerfile"},
    {"dockerfile", "dockerfile"},
    {"gemfile", "ruby"},
    {"gnumakefile", "makefile"},
    {"go.mod", "go.mod"},
    {"jenkinsfile", "groovy"},
    {"makefile", "makefile"},
    {"meson.build", "meson"},
    {"pkgbuild", "bash"},
    {"podfile", "ruby"},
    {"rakefile", "ruby"},
    {"vagrantfile", "ruby"},
    {"workspace", "starlark"},
});

constexpr auto kByInterpreter = std::to_array<Entry>({
    {"awk", "awk"},
    {"bash", "bash"},
    {"dash", "bash"},
    {"deno", "typescript"},
    {"gawk", "awk"},
    {"groovy", "groovy"},
    {"ksh", "bash"},
    {"lua", "lua"},
    {"make", "makefile"},
    {"node", "javascript"},
    {"perl", "perl"},
    {"php", "php"},
    {"python", "python"},
    {"ruby", "ruby"},
    {"Rscript", "r"},
    {"sh", "bash"},
    {"tclsh", "tcl"},
    {"zsh", "bash"},
});

template <std::size_t size>
std::string_view look_up(const std::array<Entry, size>& table, std::string_view key) {
  const auto found = std::ranges::find(table, key, &Entry::first);
  return found == table.end() ? std::string_view{} : found->second;
}

std::string_view next_word(std::string_view& rest) {
  const auto start = rest.find_first_not_of(" \t\r");
  if (start == std::string_view::npos) return rest = {};
  rest.remove_prefix(start);
  const auto word = rest.substr(0, rest.find_first_of(" \t\r"));
  rest.remove_prefix(word.size());
  return word;
}

/// "#!/usr/bin/env -S python3.11 -u" gives "python".
std::string_view interpreter_of(std::string_view content) {
  if (!content.starts_with("#!")) return {};
  std::string_view line = content.substr(2, content.find('\n') - 2);
  auto word = next_word(line);
  word = word.substr(word.rfind('/') + 1);
  while (word == "env" || word.starts_with('-') || word.find('=') != std::string_view::npos) word = next_word(line);
  word = word.substr(word.rfind('/') + 1);
  return word.substr(0, word.find_last_not_of("0123456789.") + 1);
}

bool starts_with_any(std::string_view line, std::initializer_list<std::string_view> prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return line.starts_with(prefix); });
}

/// Whether a ".h" file is C++ rather than C.
bool looks_like_cpp(std::string_view content) {
  while (!content.empty()) {
    const auto end = std::min(content.find('\n'), content.size() - 1) + 1;
    std::string_view line = content.substr(0, end);
    content.remove_prefix(end);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (starts_with_any(line, {"//", "/*", "*"})) continue;
    if (starts_with_any(
            line, {"class ", "namespace ", "template <", "template<", "public:", "private:", "protected:", "using ",
                   "constexpr ", "#include <string>", "#include <vector>", "#include <memory>"})) {
      return true;
    }
    if (line.find("std::") != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

std::string detect_language(std::string_view path, std::string_view content) {
  const auto name = to_lower_ascii(path.substr(path.rfind('/') + 1));
  if (const auto found = look_up(kByName, name); !found.empty()) return std::string(found);
  if (name.starts_with("dockerfile.") || name.starts_with("containerfile.")) return "dockerfile";
  if (name.starts_with("makefile.")) return "makefile";

  const auto dot = name.rfind('.');
  const auto extension = dot == std::string::npos ? std::string_view{} : std::string_view(name).substr(dot + 1);
  if (extension == "h") return looks_like_cpp(content) ? "cpp" : "c";
  if (const auto found = look_up(kByExtension, extension); !found.empty()) return std::string(found);
  if (const auto found = look_up(kByInterpreter, interpreter_of(content)); !found.empty()) return std::string(found);
  return "text";
}

}  // namespace codehelper
