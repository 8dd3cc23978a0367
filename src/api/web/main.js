// Puts the page together: the parts, what they tell each other, the keys and the address.
import { Announcer } from "./announcer.js";
import { Api } from "./api.js";
import { AskBox } from "./ask_box.js";
import { ConversationList } from "./conversation_list.js";
import { ConversationView } from "./conversation_view.js";
import { h, icon, replaceChildren } from "./dom.js";
import { EvidenceView } from "./evidence_view.js";
import { FindDialog } from "./find_dialog.js";
import { HealthDialog } from "./health_dialog.js";
import { Layout } from "./layout.js";
import { nameState, ProjectDialog } from "./project_dialog.js";
import { ProjectState } from "./project_state.js";
import { RunPanel } from "./run_panel.js";
import { ServerState } from "./server_state.js";
import { setUpTheme } from "./theme.js";
import { Tokens } from "./token_dialog.js";

const at = (id) => document.getElementById(id);

const announcer = new Announcer(at("announcer"));
const server = new ServerState();
const tokens = new Tokens();
const api = new Api(tokens, server);
const project = new ProjectState(api);
const layout = new Layout();

const evidence = new EvidenceView(at("evidence"), {
  api,
  onMention: (turn, index) => {
    layout.show("answer");
    turn.goToMention(index);
  },
});
const runPanel = new RunPanel(at("tests"), { api, project, announcer });
const projectDialog = new ProjectDialog(api, project, announcer);
const health = new HealthDialog(at("health-button"), api, announcer);

const conversation = new ConversationView({
  element: at("turns"),
  scroller: at("turns-scroller"),
  api,
  server,
  project,
  announcer,
  evidence,
  actions: {
    onEdit: (turn) => askBox.edit(turn),
    onAgain: (turn) => {
      const canBeAsked = !conversation.isRunning && turn.attachments.every(({ text }) => text !== undefined);
      if (canBeAsked) conversation.ask(turn.question, turn.attachments);
      else askBox.edit(turn);
    },
    onProject: () => projectDialog.open(),
    onEvidence: (turn) => {
      evidence.show(turn);
      layout.show("evidence");
    },
    onCite: (turn, index) => {
      evidence.show(turn);
      layout.show("evidence");
      evidence.reveal(index);
    },
    onSources: (turn) => {
      if (evidence.turn === turn) evidence.show(turn);
    },
    onVerify: (patch, turn) => {
      layout.show("tests");
      runPanel.verify(patch, turn.question);
    },
  },
});

const askBox = new AskBox(at("ask"), announcer, {
  onAsk: (text, attachments) => {
    layout.show("answer");
    conversation.ask(text, attachments);
  },
  onStop: () => conversation.stop(),
  onAttached: () => layout.show("answer"),
  lastTurn: () => conversation.lastTurn,
});

const list = new ConversationList(at("conversations"), api, {
  announcer,
  showFault,
  onNew: startNew,
  onOpen: openConversation,
  onDeleted: (id) => {
    if (id === conversation.id) startNew();
  },
});

const find = new FindDialog({
  api,
  project,
  onConversation: openConversation,
  onPlace: (hit) => {
    evidence.show(makeLookup(hit));
    layout.show("evidence");
  },
  commands: [
    { name: "New conversation", icon: "plus", run: startNew },
    { name: "Attach files", icon: "attach", run: () => askBox.attach() },
    { name: "Choose or index a project", icon: "folder", run: () => projectDialog.open() },
    { name: "Run the tests", icon: "run", run: showTests },
    { name: "Health of the server", icon: "check", run: () => health.open() },
    { name: "Use another token", icon: "key", run: changeToken },
    { name: "Change the theme", icon: "system", run: () => at("theme-button").click() },
    { name: "Export this conversation", icon: "export", run: () => conversation.id && list.export(conversation.id, conversation.title) },
  ],
});

// A place that was looked up, shown as the evidence of an answer is.
function makeLookup(hit) {
  return { sources: [{ ...hit, verified: true }], projectPath: project.path, attachments: [], isRunning: false, countMentions: () => 0 };
}

function showTests() {
  layout.show("tests");
  runPanel.command.focus();
}

async function changeToken() {
  if (!(await tokens.change())) return;
  at("fault").hidden = true;
  refreshAll();
}

function startNew() {
  conversation.showNew();
  layout.closeDrawer();
  layout.show("answer");
  askBox.focus();
}

async function openConversation(id) {
  layout.closeDrawer();
  layout.show("answer");
  try {
    await conversation.open(id);
    askBox.focus();
  } catch (error) {
    showFault(error.message);
  }
}

function showFault(text) {
  const fault = at("fault");
  replaceChildren(fault, icon("warning"), h("span", {}, text), h("button", { type: "button", class: "link-button", onclick: () => (fault.hidden = true) }, "Dismiss"));
  fault.hidden = false;
}

function showProject() {
  const status = project.status;
  const progress = project.isIndexing && status.progress.files_total > 0 ? ` ${Math.floor((100 * status.progress.files_done) / status.progress.files_total)} %` : "";
  const known = project.path && [
    h("span", { class: `dot ${status.index_status}` }),
    h("span", { class: "unseen" }, "Project: "),
    h("span", { class: "project-path" }, h("bdi", {}, project.path)),
    " ",
    h("span", { class: "project-state" }, nameState(status) + progress),
  ];
  replaceChildren(at("project-button"), known ?? [icon("folder"), "Choose a project"], icon("down"));
}

function showAddress() {
  const address = conversation.id ? `#/c/${encodeURIComponent(conversation.id)}` : "#/";
  if (location.hash !== address && (location.hash || conversation.id)) history.pushState(null, "", address);
  document.title = conversation.title || conversation.turns[0]?.question ? `${conversation.title || conversation.turns[0].question} · codehelper` : "codehelper";
  list.markOpen(conversation.id);
  showElsewhere();
}

function showElsewhere() {
  at("elsewhere").hidden = !conversation.projectPath || conversation.projectPath === project.path;
  at("elsewhere").textContent = `This conversation is about ${conversation.projectPath}`;
}

function readAddress() {
  const id = /^#\/c\/(.+)$/.exec(location.hash)?.[1];
  if (!id) {
    if (conversation.id) startNew();
  } else if (decodeURIComponent(id) !== conversation.id) {
    openConversation(decodeURIComponent(id));
  }
}

function takeKey(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    find.open();
  } else if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) {
    if (conversation.isRunning) conversation.stop();
    else if (runPanel.isRunning) runPanel.stop();
    else askBox.leave();
  }
}

async function refreshAll() {
  await project.refresh().catch((error) => error.status > 0 && showFault(error.message));
  await Promise.all([list.refresh(), health.refreshButton()]);
}

server.addEventListener("away", () => {
  at("away").hidden = false;
});
server.addEventListener("back", () => {
  at("away").hidden = true;
  announcer.say("The server answers again.");
  refreshAll();
});
at("retry-button").addEventListener("click", () => server.retry());
project.addEventListener("change", () => {
  showProject();
  showElsewhere();
});
conversation.addEventListener("running", () => askBox.setRunning(conversation.isRunning));
conversation.addEventListener("change", () => {
  showAddress();
  if (!conversation.isRunning && conversation.turns.length > 0) list.refresh();
});
at("project-button").addEventListener("click", () => projectDialog.open());
at("find-button").addEventListener("click", () => find.open());
document.addEventListener("keydown", takeKey);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !server.isAway) project.refresh().catch(() => {});
});
window.addEventListener("popstate", readAddress);
window.addEventListener("online", () => server.retry());

setUpTheme(at("theme-button"));
showProject();
askBox.focus();
if (!conversation.resume()) readAddress();
await refreshAll();
if (!project.path && !server.isAway) projectDialog.open();
