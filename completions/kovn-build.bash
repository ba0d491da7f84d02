# Completion of kovn-build for bash. It needs nothing but bash itself: `kovn-build completion bash`
# prints this file. The program typed is asked what may follow; its answer is never run as code.
_kovn_build() {
  local program=${COMP_WORDS[0]/#\~\//$HOME/} rest=${COMP_LINE:0:COMP_POINT} words=() word line gap paths=
  local tab=$'\t'
  # bash splits words at = and : too; whatever stands without a space between is one word.
  for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    gap=${rest%%[![:space:]]*}
    rest=${rest#"$gap"}
    [[ $rest == "$word"* ]] || word=$rest
    rest=${rest#"$word"}
    if [[ -n $gap || ${#words[@]} -eq 0 ]]; then words+=("$word"); else words[-1]+=$word; fi
  done
  word=${words[-1]}
  # bash replaces only what is after the last = or :, which it gives as $2.
  local before=${word%"$2"}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) paths=$line ;;
      *) COMPREPLY+=("${line%%"$tab"*}") ;;
    esac
  done < <("$program" completion bash -- "${words[@]:1}" 2>/dev/null)
  COMPREPLY=("${COMPREPLY[@]#"$before"}")
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
  case $paths in
    :folders*) compopt -o filenames && mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$2") ;;
    :files*) compopt -o filenames && mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$2") ;;
  esac
}
complete -F _kovn_build kovn-build
