# bash completion for tocsin, printed by: tocsin completion bash
_tocsin() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words="" cmd="" i
  for ((i = 1; i < COMP_CWORD; i++)); do [[ ${COMP_WORDS[i]} == -* ]] || { cmd=${COMP_WORDS[i]}; break; }; done
  case $cmd in
    "") words="status list show next check-close watch whoami claim release ask resume promote link unlink dismiss duplicate report-event declare ack confirm contain eradicate recover skip regress review close approve not-resolved reject reinstate merge unmerge reopen assign priority note task cause lesson control action fact absence verify explain notify backup reload token init help completion --socket --token-file --org --json --csv --quiet --color --utc --dry-run --no-prompt --no-token --help --version" ;;
    status) words=" " ;;
    list) words=" --mine --since --org --limit incidents --state --mine --all --since --org --limit events --state --address --mine --all --since --org --limit notices --state --object --mine --since --org --limit actions --state --mine --org " ;;
    show) words="  " ;;
    next) words="  " ;;
    check-close) words=" " ;;
    watch) words=" --once " ;;
    whoami) words=" " ;;
    claim) words=" " ;;
    release) words=" --reason " ;;
    ask) words=" --question --party --due " ;;
    resume) words=" --answer " ;;
    promote) words=" --rationale --title --summary --class --impact-c --impact-i --impact-a --outcome --activity --personal-data " ;;
    link) words=" --rationale " ;;
    unlink) words=" --reason " ;;
    dismiss) words=" --rationale --second --lesson --vulnerability " ;;
    duplicate) words=" " ;;
    report-event) words=" --text --host --user --src-ip --at --class --org " ;;
    declare) words=" --summary --class --impact-c --impact-i --impact-a --personal-data --org " ;;
    ack) words=" --owner " ;;
    confirm) words=" --rationale --priority --personal-data --reason --second " ;;
    contain) words=" --note --at --at-reason --evidence-waiver " ;;
    eradicate) words=" --note --at --at-reason " ;;
    recover) words=" --note --verified-by --at --at-reason " ;;
    skip) words=" --reason --note --at --at-reason " ;;
    regress) words=" --reason " ;;
    review) words=" --chair --participants --due --root-cause --cause-text --justification --lesson --no-lesson --control --action --action-owner --action-due --effect --no-action --sign " ;;
    close) words=" --statement --root-cause --lesson --no-lesson " ;;
    approve) words=" --note " ;;
    not-resolved) words=" --reason " ;;
    reject) words=" --rationale --second " ;;
    reinstate) words=" --reason " ;;
    merge) words=" --rationale " ;;
    unmerge) words=" --reason " ;;
    reopen) words=" --because --reason  --because --reason " ;;
    assign) words=" " ;;
    priority) words=" --reason --second " ;;
    note) words="  " ;;
    task) words="add --owner --due --phase done --note " ;;
    cause) words=" --text --justification " ;;
    lesson) words="add " ;;
    control) words="add " ;;
    action) words="add --owner --due --effect " ;;
    fact) words=" " ;;
    absence) words=" --reason " ;;
    verify) words=" " ;;
    explain) words=" --input --expect " ;;
    notify) words="test " ;;
    backup) words=" " ;;
    reload) words=" " ;;
    token) words="add --out list revoke " ;;
    init) words=" --iso-name --iso-email --deputy-name --deputy-email --management-name --management-email --mail-server --mail-from --org-name --zone --iso-login --iso-uid --deputy-login --management-login --dir --state-dir --run-dir --listen --shipped --force " ;;
    help) words=" " ;;
    completion) words=" " ;;
  esac
  case $prev in
    --priority) words="P1 P2 P3 P4 P5 " ;;
    --reason-code|--because) words="new_evidence recurred action_ineffective authority_request record_error " ;;
    --outcome) words="blocked attempted unknown suspected success " ;;
    --activity) words="ended unknown ongoing spreading " ;;
    --impact-c) words="0 1 2 3 4 " ;;
    --impact-i) words="0 1 2 3 4 " ;;
    --impact-a) words="0 1 2 3 4 " ;;
    --personal-data) words="no unknown yes " ;;
    --disposition) words="false_positive benign_authorised informational below_criteria near_miss weakness improvement transferred exercise not_security " ;;
    --phase) words="assess contain eradicate recover communicate learn " ;;
    --effect) words="prevented detected limited failed absent bypassed " ;;
    --root-cause-code|--root-cause) words="RC.VULN RC.ZERO RC.CRED RC.MFA RC.SOCENG RC.INSIDER RC.PHYS RC.PRIV RC.PROC RC.CHANGE RC.ASSET RC.ROLE RC.DETECT RC.RESOURCE RC.CONFIG RC.SOFTWARE RC.HARDWARE RC.ARCH RC.BACKUP RC.ERROR RC.AWARE RC.SUPPLIER RC.UTILITY RC.NATURE RC.UNKNOWN " ;;
    --expect) words="event none " ;;
    --shell) words="bash mdoc mdoc-api " ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _tocsin tocsin
