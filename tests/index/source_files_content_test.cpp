#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "git_fixture.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

constexpr std::uint64_t kMaxBytes = 100 * 1024;

/// "read", or the reason for which the content was refused.
std::string verdict(std::string_view name, std::string_view content) {
  const TemporaryDirectory folder;
  folder.write(name, content);
  const auto result = read_source_file(folder.path(), {.path = std::string(name)}, kMaxBytes);
  if (!result) return result.error().message;
  return std::string(result->has_value() ? "read" : to_string(result->error().reason));
}

std::string repeat(std::string_view text, int count) {
  std::string all;
  for (; count > 0; --count) all += text;
  return all;
}

// Put together at run time, so that this file is not taken for a secret itself.
std::string private_key(std::string_view line_end) {
  return "-----BEGIN RSA " + std::string("PRIVATE KEY-----") + std::string(line_end) + repeat("MIIEpAIB", 8) +
         std::string(line_end) + "-----END RSA PRIVATE KEY-----\n";
}

}  // namespace

TEST_CASE("source file: the bytes come with git's blob id") {
  const GitFixture fixture;
  fixture.work.write("a/b.c", "int main() {}\r\n");

  const auto result = read_source_file(fixture.work.path(), {.path = "a/b.c"}, kMaxBytes);

  REQUIRE(result.has_value());
  REQUIRE(result->has_value());
  REQUIRE((*result)->bytes == "int main() {}\r\n");
  REQUIRE((*result)->hash + "\n" == fixture.git("hash-object a/b.c"));
}

TEST_CASE("source file: an empty file is read") {
  REQUIRE(verdict("empty.c", "") == "read");
}

TEST_CASE("source file: binaries are refused") {
  CHECK(verdict("a.c", std::string("int\0x", 5)) == "binary");
  CHECK(verdict("a.txt", std::string("\xFF\xFEh\0i\0", 6)) == "binary");
  CHECK(verdict("far.txt", std::string(9000, 'x') + std::string(1, '\0')) == "read");
  CHECK(verdict("latin1.txt", "caf\xE9\n") == "read");
}

TEST_CASE("source file: private keys are refused wherever they are") {
  CHECK(verdict("a.txt", private_key("\n")) == "secret");
  CHECK(verdict("a.json", "{\"private_key\": \"" + private_key("\\n")) == "secret");
  CHECK(verdict("a.go", "const key = `" + private_key("\n") + "`") == "secret");
  CHECK(verdict("aws.txt", "aws_secret_access_key = " + repeat("aB3/", 10)) == "secret");
}

TEST_CASE("source file: code that speaks of keys is no secret") {
  CHECK(verdict("pem.cpp", "if (text.starts_with(\"-----BEGIN PRIVATE KEY-----\")) return load(text);\n") == "read");
  CHECK(verdict("doc.md", "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n") == "read");
  CHECK(verdict("cert.txt", "-----BEGIN CERTIFICATE-----\n" + repeat("MIIEpAIB", 8)) == "read");
  CHECK(verdict("aws.md", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n") == "read");
}

TEST_CASE("source file: access keys and tokens are refused however their names are written") {
  const std::string key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzz1234KEYa";
  const std::string random = repeat("aZ3bY4cX5dW6", 8);
  CHECK(verdict("a.sh", "export AWS_SECRET_ACCESS_KEY=" + key + "\n") == "secret");
  CHECK(verdict("a.js", "aws_Secret_Access_Key: '" + key + "'\n") == "secret");
  CHECK(verdict("keys.csv", "AKIA" + std::string("ABCDEFGH12345678") + "," + key + "\n") == "secret");
  CHECK(verdict("a.asc", "-----BEGIN PGP " + std::string("PRIVATE KEY BLOCK-----\nComment: mine\n\n") +
                             repeat("lQOYBF1", 12)) == "secret");
  for (const auto& [prefix, length] : std::vector<std::pair<std::string, std::size_t>>{
           {"ghp_", 36}, {"github_pat_", 82}, {"glpat-", 20}, {"xoxb-", 50}, {"xoxp-", 60}, {"sk_live_", 24}}) {
    INFO(prefix);
    CHECK(verdict("a.py", "token = '" + prefix + random.substr(0, length) + "'\n") == "secret");
    CHECK(verdict("b.py", "token = '" + prefix + random.substr(0, length / 2) + "'\n") == "read");
    CHECK(verdict("c.md", "a token begins with `" + prefix + "...`\n") == "read");
    CHECK(verdict("d.md", "TOKEN=" + prefix + std::string(length, 'x') + "\n") == "read");
  }
}

TEST_CASE("source file: a key id alone is no secret, with its key beside it it is one") {
  const std::string key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzz1234KEYa";
  const std::string id = "ABCDEFGH12345678";
  for (const std::string prefix : {"AKIA", "ASIA"}) {
    INFO(prefix);
    CHECK(verdict("a.csv", "User,Access key ID,Secret\nme," + prefix + id + "," + key + "\n") == "secret");
    CHECK(verdict("b.csv", key + " belongs to " + prefix + id) == "secret");
    CHECK(verdict("c.md", "ids look like " + prefix + id + "\n") == "read");
    CHECK(verdict("d.md", "akia" + id + "," + key + "\n") == "read");
  }
}

TEST_CASE("source file: private keys of every title are refused, also without headers") {
  for (const std::string title : {"PGP PRIVATE KEY BLOCK", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY",
                                  "ENCRYPTED PRIVATE KEY", "DSA PRIVATE KEY"}) {
    INFO(title);
    const std::string begin = "-----BEGIN " + title + "-----";
    CHECK(verdict("a.asc", begin + "\n\n" + repeat("lQOYBF1", 12) + "\n") == "secret");
    CHECK(verdict("b.asc", begin + "\r\nVersion: GnuPG v2\r\n\r\n" + repeat("lQOYBF1", 12)) == "secret");
  }
  CHECK(verdict("public.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + repeat("mQENBF1", 12)) == "read");
}

TEST_CASE("source file: the state of a server whose data directory is in the project is refused") {
  CHECK(verdict("current_project.json", R"({"project_path":"/srv/app"})") == "generated");
  CHECK(verdict("current_project.json", R"({"name": "a file of the project's own"})") == "read");
  CHECK(verdict("project.json", R"({"project_path":"/srv/app"})") == "read");
}

TEST_CASE("source file: code that speaks of tokens is no secret") {
  CHECK(verdict("lexer.py", "RULES = [(r'ghp_[A-Za-z0-9]{36}', Token), (r'AKIA[0-9A-Z]{16}', Key)]\n") == "read");
  CHECK(verdict("id.md", "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n") == "read");
  CHECK(verdict("ids.txt", "AKIAABCDEFGH12345678 da39a3ee5e6b4b0d3255bfef95601890afd80709\n") == "read");
  CHECK(verdict("a.c", "int not_ghp_" + repeat("aZ3bY4cX5dW6", 3) + ";\n") == "read");
}

TEST_CASE("source file: generated files are refused") {
  CHECK(verdict("a.pb.go", "// Code generated by protoc-gen-go. DO NOT EDIT.\npackage a\n") == "generated");
  CHECK(verdict("a.rs", "/*\n * @generated by tool\n */\n") == "generated");
  CHECK(verdict("a.js", "var a=" + repeat("function(){return 1},", 1000) + "\n") == "generated");
  CHECK(verdict("a.svg", "<svg>\n" + repeat("<path d='M0 0'/>\n", 2000) + "</svg>") == "generated");
}

TEST_CASE("source file: what people ask about is not taken for generated") {
  CHECK(verdict("CMakeLists.txt", "# targets of generated code\nadd_library(a)\n") == "read");
  CHECK(verdict("config.ini", "# DO NOT EDIT below this line\na = 1\n") == "read");
  CHECK(verdict("gen.py", "HEADER = '// Code generated by us. DO NOT EDIT.'\n") == "read");
  CHECK(verdict("prose.md", repeat("a long paragraph on one line ", 600)) == "read");
  CHECK(verdict("small.json", repeat("{\"a\":1},", 100)) == "read");
  CHECK(verdict("rows.csv", repeat("1,2,3\n", 3000)) == "read");
}

TEST_CASE("source file: size is checked again when it is read") {
  CHECK(verdict("a.c", std::string(kMaxBytes, '\n')) == "read");
  CHECK(verdict("a.c", std::string(kMaxBytes + 1, '\n')) == "too_large");
}

TEST_CASE("source file: a file that is gone is not found") {
  const TemporaryDirectory folder;
  folder.write("a.c", "x");

  for (const char* path : {"missing.c", "missing/a.c", "a.c/b.c", "../outside.c", ""}) {
    const auto result = read_source_file(folder.path(), {.path = path}, kMaxBytes);
    INFO(path);
    REQUIRE_FALSE((result.has_value() && result->has_value()));
    if (!std::string_view(path).empty()) CHECK(result.error().code == ErrorCode::not_found);
  }
}

TEST_CASE("source file: links that came since the listing are not followed") {
  const TemporaryDirectory outside;
  outside.write("secret.txt", "outside");
  const TemporaryDirectory folder;
  std::filesystem::create_symlink(outside.path() / "secret.txt", folder.path() / "a.c");
  std::filesystem::create_symlink(outside.path(), folder.path() / "sub");
  REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);

  const auto link = read_source_file(folder.path(), {.path = "a.c"}, kMaxBytes);
  const auto through = read_source_file(folder.path(), {.path = "sub/secret.txt"}, kMaxBytes);
  const auto pipe = read_source_file(folder.path(), {.path = "pipe"}, kMaxBytes);

  REQUIRE(link.has_value());
  REQUIRE(link->error().reason == SkipReason::not_a_file);
  REQUIRE_FALSE((through.has_value() && through->has_value()));
  REQUIRE(pipe.has_value());
  REQUIRE(pipe->error().reason == SkipReason::not_a_file);
}

TEST_CASE("secret path: names and folders that hold secrets") {
  for (const char* path : {".env",
                           "a/.env.local",
                           "prod.env",
                           "id_rsa",
                           "home/.ssh/config",
                           ".aws/credentials",
                           "x.pem",
                           "server.KEY",
                           ".npmrc",
                           "terraform.tfstate",
                           "secrets.yaml",
                           ".docker/config.json",
                           "prod.tfstate",
                           "prod.tfstate.backup",
                           "http.keytab",
                           "office.ovpn",
                           "example.key",
                           "default-ssl.pem",
                           "sample.pfx",
                           "default.pem",
                           "example.tfstate",
                           "env/dev.TFSTATE"}) {
    INFO(path);
    CHECK(is_secret_path(path));
  }
  for (const char* path : {".env.example", "secrets.example.yaml", "credentials.sample.json", "env.py", "sample.env",
                           "id_rsa.pub", "secrets.py", "credentials.cpp", "key.cpp", "keys/readme.md", "ssh/config",
                           "environment.ts", ".envoy.yaml", "config.json"}) {
    INFO(path);
    CHECK_FALSE(is_secret_path(path));
  }
}
