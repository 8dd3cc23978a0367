#include "codehelper/net/access.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "codehelper/base/hash.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;
using codehelper::test::TemporaryDirectory;

namespace {

std::string line_of(const std::string& name, ScopeSet scopes, const std::string& token) {
  return format_access_token(describe_access_token(name, scopes, token)) + "\n";
}

std::filesystem::path write_tokens(const TemporaryDirectory& folder, const std::string& text) {
  const auto fresh = folder.write("fresh", text);
  ::chmod(fresh.c_str(), 0600);
  std::filesystem::rename(fresh, folder.path() / "tokens");
  return folder.path() / "tokens";
}

std::string read_log(int descriptor) {
  std::string text(64 * 1024, '\0');
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

ScopeSet both(Scope one, Scope other) {
  ScopeSet scopes = one;
  scopes.add(other);
  return scopes;
}

}  // namespace

TEST_CASE("access tokens: a file has a token a line, with comments and blanks") {
  const std::string hash = sha256_hex("secret");

  const auto tokens = parse_access_tokens("# who may ask\n\n  laptop\tread,chat   sha256:" + hash +
                                          "  # of Ann\r\nci run sha256:" + sha256_hex("other"));

  REQUIRE(tokens);
  REQUIRE(tokens->size() == 2);
  CHECK(tokens->front().name == "laptop");
  CHECK(tokens->front().scopes == both(Scope::read, Scope::chat));
  CHECK(tokens->front().sha256 == hash);
  CHECK(tokens->back().name == "ci");
  CHECK(tokens->back().scopes == ScopeSet(Scope::run));
  CHECK(parse_access_tokens("# nobody\n")->empty());
}

TEST_CASE("access tokens: every fault is told with its line, and never what may be a token") {
  const std::string good = line_of("a", Scope::read, "1");

  const auto tokens = parse_access_tokens(good +                                             // 1
                                          "a read sha256:" + sha256_hex("2") + "\n" +        // 2: the name again
                                          "b read sha256:" + sha256_hex("1") + "\n" +        // 3: the token again
                                          "c read,write sha256:" + sha256_hex("3") + "\n" +  // 4
                                          "d read ch_s3cret\n" +                             // 5
                                          "e ch_s3cret\n" +                                  // 6
                                          "a/b read sha256:" + sha256_hex("4") + "\n" +      // 7
                                          "environment read sha256:" + sha256_hex("5"));     // 8

  REQUIRE_FALSE(tokens);
  const std::string& said = tokens.error().message;
  CHECK_THAT(said, !Catch::Contains("line 1:") && Catch::Contains("line 2: line 1 has the name a already"));
  CHECK_THAT(said, Catch::Contains("line 3: line 1 has that token already"));
  CHECK_THAT(said, Catch::Contains("line 4: a scope is unknown; there are read, chat, run, admin"));
  CHECK_THAT(said, Catch::Contains("line 5: the third word must be sha256:"));
  CHECK_THAT(said, Catch::Contains("line 6: it must be NAME SCOPE,SCOPE sha256:DIGITS"));
  CHECK_THAT(said, Catch::Contains("line 7: a name must be") && Catch::Contains("line 8: the name environment"));
  CHECK_THAT(said, !Catch::Contains("s3cret"));
}

TEST_CASE("access tokens: a token that was made is known by its line alone") {
  const std::string token = make_access_token();

  const auto tokens = parse_access_tokens(line_of("me", ScopeSet::all(), token));

  REQUIRE(tokens);
  CHECK(tokens->front().scopes == ScopeSet::all());
  CHECK(tokens->front().sha256 == sha256_hex(token));
  CHECK(token.size() > 64);
  CHECK(token != make_access_token());
}

TEST_CASE("access list: knows its tokens and no others") {
  const TemporaryDirectory folder;
  AccessList::Options options;
  options.file = write_tokens(folder, line_of("reader", Scope::read, "r-token") + line_of("runner", Scope::run, "x"));
  options.known = {describe_access_token(kEnvironmentTokenName, ScopeSet::all(), "env-token")};
  const auto list = AccessList::open(std::move(options)).value();

  const auto reader = list->identify("r-token");
  const auto environment = list->identify("env-token");

  REQUIRE(reader);
  CHECK(reader->name == "reader");
  CHECK(reader->scopes == ScopeSet(Scope::read));
  REQUIRE(environment);
  CHECK(environment->name == "environment");
  CHECK(environment->scopes == ScopeSet::all());
  for (const std::string& wrong : {std::string(), std::string("r-toke"), std::string("r-token2"),
                                   std::string("R-TOKEN"), sha256_hex("r-token"), "sha256:" + sha256_hex("r-token")}) {
    CHECK_FALSE(list->identify(wrong));
  }
}

TEST_CASE("access list: a file that others can get at is refused with the way out") {
  const TemporaryDirectory folder;
  const auto file = write_tokens(folder, line_of("a", Scope::read, "1"));
  const auto said = [&](mode_t mode) {
    ::chmod(file.c_str(), mode);
    const auto list = AccessList::open({.file = file});
    return list ? std::string() : list.error().message;
  };

  CHECK_THAT(said(0644), Catch::Contains("0644") && Catch::Contains("chmod 640 " + file.string()));
  CHECK_FALSE(said(0604).empty());
  CHECK_FALSE(said(0660).empty());
  CHECK_FALSE(said(0602).empty());
  CHECK(said(0640).empty());
  CHECK(said(0400).empty());
  const auto absent = AccessList::open({.file = folder.path() / "absent"});
  CHECK_THAT(absent.error().message, Catch::Contains("absent: No such file"));
  const auto directory = AccessList::open({.file = folder.path()});
  CHECK_THAT(directory.error().message, Catch::Contains("it is no file"));
}

TEST_CASE("access list: a file that is larger than any list of tokens is refused") {
  const TemporaryDirectory folder;
  const std::string line = line_of("a", Scope::read, "1");
  const std::string blanks(1024 * 1024 - line.size(), '\n');

  const auto largest = AccessList::open({.file = write_tokens(folder, line + blanks)});
  const auto larger = AccessList::open({.file = write_tokens(folder, line + blanks + "\n")});

  CHECK(largest);
  REQUIRE_FALSE(larger);
  CHECK_THAT(larger.error().message, Catch::Contains("over 1 MiB"));
}

TEST_CASE("access list: a changed file counts from the next request on, and one that went bad changes nothing") {
  const TemporaryDirectory folder;
  const int descriptor = ::memfd_create("log", MFD_CLOEXEC);
  AccessList::Options options;
  options.file = write_tokens(folder, line_of("a", Scope::read, "1") + line_of("b", Scope::read, "2"));
  options.log = Log(descriptor, LogLevel::info);
  const auto list = AccessList::open(std::move(options)).value();
  REQUIRE(list->identify("1"));

  write_tokens(folder, line_of("b", Scope::chat, "2") + line_of("c", Scope::run, "3"));
  CHECK_FALSE(list->identify("1"));
  CHECK(list->identify("2")->scopes == ScopeSet(Scope::chat));
  CHECK(list->identify("3")->name == "c");

  write_tokens(folder, "nonsense\n");
  CHECK(list->identify("3"));
  CHECK(list->identify("3"));
  std::filesystem::remove(folder.path() / "tokens");
  CHECK(list->identify("3"));
  CHECK(list->identify("3"));
  write_tokens(folder, "# nobody any more\n");
  CHECK_FALSE(list->identify("3"));

  const std::string log = read_log(descriptor);
  ::close(descriptor);
  const auto count = [&log](const std::string& text) {
    std::size_t times = 0;
    for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++times;
    return times;
  };
  CHECK(count("\"tokens_reloaded\"") == 2);
  CHECK(count("\"tokens_not_reloaded\"") == 2);
  CHECK_THAT(log, Catch::Contains("line 1: it must be NAME"));
}
