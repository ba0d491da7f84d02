// VitePress's own theme, without its font: a system has one that is read well.
import theme from "vitepress/theme-without-fonts";
import "./style.css";

export default theme;
