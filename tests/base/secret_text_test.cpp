#include "codehelper/base/secret_text.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using namespace codehelper;

namespace {

// Secrets are put together here, so that no scanner of this repository's files takes them for real ones.
std::string join(std::string_view first, std::string_view second, std::string_view third = "") {
  return std::string(first).append(second).append(third);
}

std::string letters(std::size_t count) {
  constexpr std::string_view kRandom = "q7Zk2mXvB9tLwR4yHsN8cJdF3gPaUe6K1oTiVxM5bQhWzSjEnYrDlGfCpAu0";
  std::string text;
  while (text.size() < count) text += kRandom;
  return text.substr(0, count);
}

std::string hex(std::size_t count) {
  constexpr std::string_view kRandom = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  std::string text;
  while (text.size() < count) text += kRandom;
  return text.substr(0, count);
}

std::string pem(std::string_view label) {
  const std::string marks(5, '-');
  return marks + "BEGIN " + std::string(label) + marks + "\n" + letters(60) + "\n" + letters(57) + "==\n" + marks +
         "END " + std::string(label) + marks;
}

const std::string kUpper = "Q7ZK2MXVB7TLWR4Y";
const std::string kPassword = join("Tr0ub4", "dor&3x");

struct Sample {
  std::string text;
  std::string secret;  // must be gone
};

std::vector<Sample> token_samples() {
  const std::string payload = join("eyJ", letters(30));
  const std::vector<std::string> tokens = {
      join("AK", "IA", kUpper),
      join("AS", "IA", kUpper),
      join("gh", "p_", letters(36)),
      join("gh", "o_", letters(36)),
      join("gh", "s_", letters(36)),
      join("github", "_pat_", letters(22) + "_" + letters(59)),
      join("gl", "pat-", letters(20)),
      join("xo", "xb-", "1234567890-" + letters(24)),
      join("xa", "pp-", "1-A0B1-" + letters(24)),
      join("sk", "_live_", letters(24)),
      join("rk", "_live_", letters(24)),
      join("wh", "sec_", letters(32)),
      join("AI", "za", letters(35)),
      join("ya", "29.", letters(60)),
      join("sk", "-", letters(48)),
      join("sk", "-proj-", letters(48) + "_" + letters(20)),
      join("sk", "-ant-", "api03-" + letters(80)),
      join("tv", "ly-", letters(32)),
      join("np", "m_", letters(36)),
      join("py", "pi-", "AgEIcHlwaS5vcmc" + letters(60)),
      join("h", "f_", letters(34)),
      join("S", "G.", letters(22) + "." + letters(43)),
      join("S", "K", hex(32)),
      join("12345", "67890:AA", letters(33)),
      join("do", "p_v1_", hex(64)),
      join("dckr", "_pat_", letters(27)),
      join("sh", "pat_", hex(32)),
      join("hv", "s.", letters(24)),
      join("gs", "k_", letters(52)),
      join("AGE-", "SECRET-KEY-1", kUpper + kUpper + kUpper + kUpper.substr(0, 10)),
      join(payload, "." + payload, "." + letters(43)),
  };
  std::vector<Sample> samples;
  for (const std::string& token : tokens) samples.push_back({token, token});
  return samples;
}

std::vector<Sample> assignment_samples() {
  const std::string key = letters(40);
  const std::string lower = hex(32);
  return {
      {"DB_PASSWORD=" + kPassword, kPassword},
      {"export API_KEY=" + key, key},
      {"FOO=1\\nAPI_TOKEN=" + key + "\\nBAR=2", key},
      {"ENV SECRET_KEY_BASE " + std::string("\"") + key + "\"", key},
      {"db.password=" + kPassword, kPassword},
      {"password = " + kPassword, kPassword},
      {"  password: " + kPassword + "\n  user: app", kPassword},
      {"  api_key: '" + key + "'", key},
      {R"({"password": ")" + kPassword + R"("})", kPassword},
      {R"("{\"clientSecret\": \")" + key + R"(\"}")", key},
      {"const apiKey = \"" + key + "\";", key},
      {"const token: string = '" + key + "';", key},
      {"API_KEY: Final[str] = \"" + key + "\"", key},
      {"password := `" + kPassword + "`", kPassword},
      {":secret_key => '" + key + "'", key},
      {"#define AUTH_TOKEN \"" + key + "\"", key},
      {"define('DB_PASSWORD', '" + kPassword + "');", kPassword},
      {"os.environ[\"SECRET_KEY\"] = \"" + key + "\"", key},
      {"if (password == \"" + kPassword + "\") {", kPassword},
      {"connect(user, password=b'" + kPassword + "')", kPassword},
      {"<password>" + kPassword + "</password>", kPassword},
      {R"(<add key="ApiKey" value=")" + key + R"(" />)", key},
      {"- name: API_TOKEN\n  value: " + key, key},
      {"mysql --password=" + kPassword + " app", kPassword},
      {"tool --api-key " + key, key},
      {"CREATE USER app IDENTIFIED BY '" + kPassword + "';", kPassword},
      {"aws_secret_access_key = " + key, key},
      {"machine example.org login me password hush-hush", "hush-hush"},
      {"Your API key: " + lower, lower},
      {"X-API-Key: " + lower, lower},
      {"GET /v1/items?access_token=" + key + "&page=2", key},
      {"//registry.example.org/:_authToken=" + key, key},
      {"TWILIO_AUTH_TOKEN='" + lower + "'", lower},
      {"log in as app, password: Xy12" + std::string("ab9Q. It works"), "Xy12ab9Q"},
      {"the admin's password is " + kPassword + ", they say", kPassword},
      {"staging has api_key: 3fa9c1d2" + std::string("e4b5 and more"), "3fa9c1d2e4b5"},
      {"client_secret: QWmrTYxlKPznVBchGFdsAJutEIoxRK4w", "QWmrTYxlKPznVBchGFdsAJutEIoxRK4w"},
  };
}

std::vector<Sample> url_samples() {
  const std::string basic = join("dXNlcjp", "odXNoLWh1c2g=");
  const std::string key = letters(40);
  const std::string account_key = letters(86) + "==";
  return {
      {"postgres://app:hush-hush@db.example.org:5432/app", "hush-hush"},
      {"postgresql+asyncpg://app:p@ss:w0rd@db/app", "p@ss:w0rd"},
      {"mysql://root:hush@127.0.0.1/app", "hush"},
      {"mongodb+srv://app:hush-hush@cluster.example.org/?w=1", "hush-hush"},
      {"redis://:hush-hush@cache:6379/0", "hush-hush"},
      {"amqps://app:hush-hush@queue/vhost", "hush-hush"},
      {"https://me:hush-hush@example.org/repo.git", "hush-hush"},
      {"jdbc:mysql://db/app?user=app&password=hush-hush", "hush-hush"},
      {"jdbc:sqlserver://db;databaseName=app;user=app;password=hush-hush;", "hush-hush"},
      {"\"Server=db;Database=app;User Id=app;Password=hush-hush;\"", "hush-hush"},
      {"dsn = \"host=db user=app password=hush-hush dbname=app\"", "hush-hush"},
      {"DefaultEndpointsProtocol=https;AccountName=app;AccountKey=" + account_key + ";", account_key},
      {"Endpoint=sb://app.example.org/;SharedAccessKeyName=all;SharedAccessKey=" + letters(43) + "=", letters(43)},
      {"https://app.example.org/c?sv=2024&sig=" + letters(43) + "%3D&se=2026", letters(43)},
      {"https://" + join("hooks.slack", ".com/services/", "T0123ABCD/B0123ABCD/" + letters(24)), letters(24)},
      {"https://" + join("discord", ".com/api/webhooks/", "123456789012345678/" + letters(60)), letters(60)},
      {"Authorization: Basic " + basic, basic},
      {"-H 'Authorization: Bearer " + key + "'", key},
      {R"({"Authorization": "token )" + key + R"("})", key},
  };
}

void check_gone(const std::vector<Sample>& samples) {
  for (const Sample& sample : samples) {
    for (const char* around : {"", "\"", " "}) {
      const std::string text = "before\n" + std::string(around) + sample.text + around + "\nbehind";
      const MaskedText masked = mask_secrets(text);
      CAPTURE(text, masked.text);
      CHECK(masked.count > 0);
      CHECK_FALSE(masked.text.contains(sample.secret));
      CHECK(masked.text.contains("[masked: "));
      CHECK(masked.text.starts_with("before\n"));
      CHECK(masked.text.ends_with("behind"));
      CHECK(std::ranges::count(masked.text, '\n') == std::ranges::count(text, '\n'));
      CHECK(mask_secrets(masked.text).text == masked.text);
    }
  }
}

}  // namespace

TEST_CASE("secret_text: tokens of known shapes are masked whatever stands around them") {
  check_gone(token_samples());
}

TEST_CASE("secret_text: values given to secret names are masked in every syntax") {
  check_gone(assignment_samples());
}

TEST_CASE("secret_text: passwords in URLs, connection strings and headers are masked") {
  check_gone(url_samples());
}

TEST_CASE("secret_text: only the secret goes, and what it was is said") {
  CHECK(mask_secrets("url: postgres://app:hush-hush@db/app # main").text ==
        "url: postgres://app:[masked: password]@db/app # main");
  CHECK(mask_secrets("a = 1; t = \"" + join("gh", "p_", letters(36)) + "\"; b = 2").text ==
        "a = 1; t = \"[masked: GitHub token]\"; b = 2");
  const MaskedText two = mask_secrets(join("AK", "IA", kUpper) + "," + letters(40) + ",me");
  CHECK(two.text == "[masked: AWS access key],[masked: AWS secret key],me");
  CHECK(two.count == 2);
}

TEST_CASE("secret_text: a private key goes with all its lines, also one of which a part is seen") {
  for (const char* label :
       {"PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"}) {
    const std::string key = pem(label);

    CHECK(mask_secrets("a\n" + key + "\nb\n").text == "a\n[masked: private key]\n\n\n\nb\n");
    const MaskedText begun = mask_secrets("a\n" + key.substr(0, key.find("==")));
    CHECK_FALSE(begun.text.contains(letters(20)));
    const MaskedText ended = mask_secrets(key.substr(key.find('\n') + 1) + "\nb");
    CHECK_FALSE(ended.text.contains(letters(20)));
    CHECK(ended.text.ends_with("\nb"));
  }
  std::string in_json = pem("PRIVATE KEY");
  for (auto at = in_json.find('\n'); at != std::string::npos; at = in_json.find('\n')) in_json.replace(at, 1, "\\n");
  CHECK(mask_secrets(R"({"private_key": ")" + in_json + R"(", "client_id": "1"})").text ==
        R"({"private_key": "[masked: private key]", "client_id": "1"})");
  std::string in_diff = "+" + pem("EC PRIVATE KEY");
  for (auto at = in_diff.find('\n'); at != std::string::npos; at = in_diff.find('\n', at + 1))
    in_diff.insert(at + 1, "+");
  CHECK_FALSE(mask_secrets(in_diff).text.contains(letters(20)));
}

TEST_CASE("secret_text: code, placeholders, hashes and public things stay as they are") {
  const std::vector<std::string> texts = {
      "token = next_token(stream)",
      "the password is hashed2 and its Token is base64Url1.",
      "ask(user, password: userPass12, token: sha256Sum)",
      "let pwd = value12!;",
      "token: abcdef123456 and token: 0123456789ab",
      "password: str",
      "def login(user, password=None, token: Optional[str] = None):",
      "password = get_password(user)",
      "self.password = password",
      "api_key = os.environ[\"API_KEY\"]",
      "apiKey: process.env.OPENAI_API_KEY,",
      "const token = await fetchToken2(userId);",
      "secret = request.headers.get('X-Secret')",
      "password=changeme",
      "DB_PASSWORD=<your password>",
      "API_KEY=your-api-key-here",
      "API_KEY=${API_KEY}",
      "password: \"{{ vault_db_password }}\"",
      "TOKEN=$(cat /run/secrets/token)",
      "token: ${{ secrets.GITHUB_TOKEN }}",
      join("OPENAI_API_KEY=sk", "-xxxxxxxxxxxxxxxxxxxxxxxx"),
      join("OPENAI_API_KEY=sk", "-your-openai-api-key-goes-here"),
      join("gh", "p_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
      "sha256 = \"" + hex(64) + "\"",
      "commit " + hex(40),
      "\"integrity\": \"sha512-" + letters(86) + "==\"",
      "client_secret: \"123e4567-e89b-12d3-a456-426614174000\"",
      "password_hash = \"$2b$12$" + letters(53) + "\"",
      "PublicKeyToken=b77a5c561934e089",
      "pk_live_" + letters(24),
      "ssh-rsa AAAAB3NzaC1yc2E" + letters(80),
      "max_tokens: 4096",
      "token_url = \"https://auth.example.org/oauth2/v1/token\"",
      "passwordField: \"input[name=password1]\"",
      "auth_token = \"XMLHttpRequestHTTPSURLParserAPI\"",
      "The password must have 8 characters, 1 of them a Digit!",
      "error(\"password: must be 8 to 64 Characters\")",
      "case TokenKind::kPasswordToken2: return 1;",
      "enum class Token { password, secret2, api_key3 };",
      "secret_file = \"/run/secrets/Db_Password_1\"",
      "http://localhost:8080/path@1:2",
      "https://user:password@example.org/",
      "postgres://${DB_USER}:${DB_PASSWORD}@${DB_HOST}/app",
      "postgres://user:{password}@host/",
      "git@github.com:owner/repository.git",
      "Authorization: Bearer <token>",
      "headers = {\"Authorization\": f\"Bearer {token}\"}",
      "WWW-Authenticate: Basic realm=\"simple\"",
      "Basic authentication is needed",
      "if text.startswith(\"-----BEGIN PRIVATE KEY-----\"):",
      "-----BEGIN CERTIFICATE-----\n" + letters(64) + "\n-----END CERTIFICATE-----",
      "-----BEGIN PUBLIC KEY-----\n" + letters(64) + "\n-----END PUBLIC KEY-----",
      "return HttpBasic(username=username, password=password)",
      "risk-assessment-2024-q3-final-version-12",
      "task-" + hex(40),
      "keyboard = \"" + letters(32) + "\"",
      "explicitly pass `rcond2=-1Abcdefgh`",
      "[masked: password]",
      "password=[masked: password]",
      "the_key_1234567890 = monkey_patch_2000",
      "",
  };
  for (const std::string& text : texts) {
    const MaskedText masked = mask_secrets(text);
    CAPTURE(text);
    CHECK(masked.text == text);
    CHECK(masked.count == 0);
  }
}

TEST_CASE("secret_text: texts made to be slow take time in proportion to their length") {
  const auto seconds = [](std::string_view part, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += part;
    const auto begin = std::chrono::steady_clock::now();
    const MaskedText masked = mask_secrets(text);
    CHECK(masked.text.size() + 1 > masked.count);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const std::string marks(5, '-');
  for (const std::string& part :
       {std::string("TOKEN="), std::string("sk-"), std::string("eyJ-"), std::string("eyJaaaaaaaaa."),
        std::string("password=\\\""), std::string("a://b:"), std::string("a://"),
        marks + "BEGIN RSA PRIVATE KEY" + marks, marks + "END RSA PRIVATE KEY" + marks, std::string("-"),
        std::string("password "), std::string("password=a "), std::string("user=a;password="), std::string("a_"),
        std::string("password:a "), std::string("AKIA")}) {
    CAPTURE(part);
    const double once = seconds(part, 40'000);
    CHECK(seconds(part, 320'000) < 8 * once * 4 + 0.5);
  }
}
